//! The certificates browsers, phones and carriers see: ones that were given, or one made by ourselves for trying things out. And whose
//! word on a carrier's name we take.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use tracing::{info, warn};

use crate::config::{SipTls, Tls};
use crate::signalling;

const FOLDER: &str = "tls";
const CERTIFICATE: &str = "development.crt";
const KEY: &str = "development.key";

/// What the HTTP listener needs to speak TLS.
pub(super) fn for_http(
    tls: &Tls,
    data_dir: &Path,
    listen: SocketAddr,
) -> anyhow::Result<Arc<ServerConfig>> {
    let mut config = server("HTTP", "http.tls", tls, data_dir, listen)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What SIP needs to speak TLS, to whoever comes and to carriers.
pub(super) fn for_sip(tls: &SipTls, data_dir: &Path) -> anyhow::Result<signalling::Tls> {
    Ok(signalling::Tls {
        listen: tls.listen,
        server: Arc::new(server(
            "SIP",
            "sip.tls",
            &tls.identity,
            data_dir,
            tls.listen,
        )?),
        client: Arc::new(client(tls.roots.as_deref())?),
    })
}

fn server(
    who: &str,
    section: &str,
    tls: &Tls,
    data_dir: &Path,
    listen: SocketAddr,
) -> anyhow::Result<ServerConfig> {
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
                "{section} is \"development\": nobody knows this certificate, and browsers and phones will say so"
            );
            paths
        }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("{section}.certificate: {}", certificate.display()))?;
    let Some(own) = chain.first() else {
        bail!(
            "{section}.certificate: {} holds no certificate",
            certificate.display()
        );
    };
    info!(
        fingerprint = %fingerprint(own),
        "{who} speaks TLS; the certificate's SHA-256 is {}",
        fingerprint(own)
    );
    let key = PrivateKeyDer::from_pem_file(&key)
        .with_context(|| format!("{section}.key: {}", key.display()))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(|| format!("{section}: certificate and key do not go together"))
}

/// Whom we believe when a carrier says who it is.
fn client(roots: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(path) => {
            let what = || format!("sip.tls.roots: {}", path.display());
            let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect)
                .with_context(what)?;
            for certificate in certificates {
                store.add(certificate).with_context(what)?;
            }
            if store.is_empty() {
                bail!("{} holds no certificate", what());
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            let (known, _) = store.add_parsable_certificates(found.certs);
            if known == 0 {
                warn!(
                    "the system has no root certificates: no carrier can be called over TLS without sip.tls.roots"
                );
            }
        }
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(config)
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
        for_http(&Tls::Development, folder.path(), listen).unwrap();
        let certificate = folder.path().join(FOLDER).join(CERTIFICATE);
        let first = std::fs::read(&certificate).unwrap();
        for_http(&Tls::Development, folder.path(), listen).unwrap();
        assert_eq!(std::fs::read(&certificate).unwrap(), first);
        let key = std::fs::metadata(folder.path().join(FOLDER).join(KEY)).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_wrong_with_the_files_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:443".parse().unwrap();
        for_http(&Tls::Development, folder.path(), listen).unwrap();
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
            let error = for_http(&files, folder.path(), listen)
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(begins), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_roots_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let of_roots = |name: &str| SipTls {
            listen: "127.0.0.1:5061".parse().unwrap(),
            identity: Tls::Development,
            roots: Some(folder.path().join(name)),
        };
        std::fs::write(folder.path().join("empty"), "").unwrap();
        for name in ["none", "empty"] {
            let error = for_sip(&of_roots(name), folder.path()).err().unwrap();
            let error = format!("{error:#}");
            assert!(error.starts_with("sip.tls.roots: "), "{error}");
        }
        let own = format!("{FOLDER}/{CERTIFICATE}");
        assert!(for_sip(&of_roots(&own), folder.path()).is_ok());
    }
}
