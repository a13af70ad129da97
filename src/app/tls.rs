//! The certificate browsers see: one that was given, or one made by ourselves for trying things out.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tracing::{info, warn};

use crate::config::Tls;

const FOLDER: &str = "tls";
const CERTIFICATE: &str = "development.crt";
const KEY: &str = "development.key";

/// What the listener needs to speak TLS.
pub(super) fn load(
    tls: &Tls,
    data_dir: &Path,
    listen: SocketAddr,
) -> anyhow::Result<Arc<ServerConfig>> {
    let (certificate, key) = match tls {
        Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
        Tls::Development => {
            let folder = data_dir.join(FOLDER);
            let paths = (folder.join(CERTIFICATE), folder.join(KEY));
            if !paths.0.exists() || !paths.1.exists() {
                make(&folder, listen.ip()).with_context(|| {
                    format!("cannot make a certificate in {}", folder.display())
                })?;
            }
            warn!(
                "http.tls is \"development\": browsers do not know this certificate and will say so"
            );
            paths
        }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("http.tls.certificate: {}", certificate.display()))?;
    let Some(own) = chain.first() else {
        bail!(
            "http.tls.certificate: {} holds no certificate",
            certificate.display()
        );
    };
    info!(
        fingerprint = %fingerprint(own),
        "HTTP speaks TLS; the certificate's SHA-256 is {}",
        fingerprint(own)
    );
    let key = PrivateKeyDer::from_pem_file(&key)
        .with_context(|| format!("http.tls.key: {}", key.display()))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("http.tls: certificate and key do not go together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate for this machine, signed by itself. The key is nobody's but ours.
fn make(folder: &Path, listen: IpAddr) -> anyhow::Result<()> {
    let mut names = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    let listen = listen.to_string();
    if !names.contains(&listen) {
        names.push(listen);
    }
    let made = rcgen::generate_simple_self_signed(names)?;
    std::fs::create_dir_all(folder)?;
    write_private(&folder.join(KEY), &made.signing_key.serialize_pem())?;
    std::fs::write(folder.join(CERTIFICATE), made.cert.pem())?;
    Ok(())
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = Sha256::digest(certificate);
    let pairs: Vec<String> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_development_certificate_is_made_once_and_kept_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let listen = "192.0.2.1:443".parse().unwrap();
        load(&Tls::Development, folder.path(), listen).unwrap();
        let certificate = folder.path().join(FOLDER).join(CERTIFICATE);
        let first = std::fs::read(&certificate).unwrap();
        load(&Tls::Development, folder.path(), listen).unwrap();
        assert_eq!(std::fs::read(&certificate).unwrap(), first);
        let key = std::fs::metadata(folder.path().join(FOLDER).join(KEY)).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_wrong_with_the_files_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:443".parse().unwrap();
        load(&Tls::Development, folder.path(), listen).unwrap();
        let path = |name: &str| folder.path().join(FOLDER).join(name);
        std::fs::write(path("empty"), "").unwrap();
        make(&folder.path().join("other"), listen.ip()).unwrap();
        let other_key = folder.path().join("other").join(KEY);
        let table = [
            (path("none"), path(KEY), "http.tls.certificate: "),
            (path("empty"), path(KEY), "http.tls.certificate: "),
            (path(CERTIFICATE), path("empty"), "http.tls.key: "),
            (
                path(CERTIFICATE),
                other_key,
                "http.tls: certificate and key do not go together",
            ),
        ];
        for (certificate, key, begins) in table {
            let files = Tls::Files { certificate, key };
            let error = load(&files, folder.path(), listen).unwrap_err().to_string();
            assert!(error.starts_with(begins), "{error}");
        }
    }
}
