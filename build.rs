//! Lists the built web pages for `src/api/pages.rs` to embed. Never runs npm: `cargo xtask up` builds the pages; without
//! them the server says so on its front page. The pages are copied first: a build folder that several checkouts share
//! then never points into one that is gone.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where the pages' build leaves them. The folder above it is always there, so that cargo can watch it.
const BUILT: &str = "web/dist/pages";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=web/dist");
    let told = |name: &str| {
        let value = env::var_os(name).map(PathBuf::from);
        value.ok_or_else(|| io::Error::other(format!("cargo sets {name}")))
    };
    let built = told("CARGO_MANIFEST_DIR")?.join(BUILT);
    let out = told("OUT_DIR")?;
    let copies = out.join("pages");
    if copies.is_dir() {
        fs::remove_dir_all(&copies)?;
    }
    fs::create_dir(&copies)?;
    let mut paths = Vec::new();
    if built.is_dir() {
        collect(&built, &mut paths)?;
    }
    paths.sort();
    let mut list = String::from("&[\n");
    for (index, path) in paths.iter().enumerate() {
        let name = path
            .strip_prefix(&built)
            .map_err(io::Error::other)?
            .to_string_lossy();
        let mut hasher = DefaultHasher::new();
        fs::read(path)?.hash(&mut hasher);
        let tag = hasher.finish();
        fs::copy(path, copies.join(index.to_string()))?;
        let embed =
            |copy: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/pages/{copy}\"))");
        let packed = |end: &str| {
            let packed = PathBuf::from(format!("{}.{end}", path.display()));
            if !packed.is_file() {
                return Ok::<_, io::Error>("None".to_owned());
            }
            let copy = format!("{index}.{end}");
            fs::copy(packed, copies.join(&copy))?;
            Ok(format!("Some({})", embed(&copy)))
        };
        let (plain, brotli, gzip) = (embed(&index.to_string()), packed("br")?, packed("gz")?);
        writeln!(
            list,
            "File {{ path: \"/{name}\", tag: \"{tag:016x}\", plain: {plain}, brotli: {brotli}, gzip: {gzip} }},"
        )
        .map_err(io::Error::other)?;
    }
    list.push(']');
    fs::write(out.join("pages.rs"), list)
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
