//! Lists the built web pages for `src/api/pages.rs` to embed. Never runs npm: `cargo xtask up` builds the pages; without
//! them the server says so on its front page.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where the pages' build leaves them. The folder above it is always there, so that cargo can watch it.
const BUILT: &str = "web/dist/pages";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=web/dist");
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join(BUILT);
    let mut paths = Vec::new();
    if built.is_dir() {
        collect(&built, &mut paths)?;
    }
    paths.sort();
    let mut list = String::from("&[\n");
    for path in &paths {
        let name = path
            .strip_prefix(&built)
            .map_err(io::Error::other)?
            .to_string_lossy();
        let mut hasher = DefaultHasher::new();
        fs::read(path)?.hash(&mut hasher);
        let tag = hasher.finish();
        let packed = |end: &str| {
            let packed = PathBuf::from(format!("{}.{end}", path.display()));
            if packed.is_file() {
                format!("Some(include_bytes!({packed:?}))")
            } else {
                "None".to_owned()
            }
        };
        let (brotli, gzip) = (packed("br"), packed("gz"));
        writeln!(
            list,
            "File {{ path: \"/{name}\", tag: \"{tag:016x}\", plain: include_bytes!({path:?}), brotli: {brotli}, gzip: {gzip} }},"
        )
        .map_err(io::Error::other)?;
    }
    list.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("pages.rs"), list)
}

/// Every file that is served; packed forms go with their plain one, and what only tools read stays out.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let packed = path
            .extension()
            .is_some_and(|end| end == "br" || end == "gz");
        if path.is_dir() && !hidden {
            collect(&path, paths)?;
        } else if path.is_file() && !hidden && !packed {
            paths.push(path);
        }
    }
    Ok(())
}
