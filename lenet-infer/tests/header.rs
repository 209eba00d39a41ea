//! The committed C header is the one that cbindgen generates from the code.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_committed_header_is_what_cbindgen_generates() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    let sources = ["src/capi.rs", "src/capi/status.rs", "src/capi/prepare.rs"];
    let bindings = sources
        .iter()
        .fold(cbindgen::Builder::new().with_config(config), |builder, source| {
            builder.with_src(package.join(source))
        })
        .generate();
    let mut generated = Vec::new();
    bindings.expect("the sources have a C interface").write(&mut generated);

    let header = package.join("include/lenet.h");
    if env::var_os("LENET_WRITE_HEADER").is_some() {
        fs::write(&header, &generated).expect("include/lenet.h can be written");
    }
    let committed = fs::read(&header).expect("include/lenet.h can be read");
    assert!(
        committed == generated,
        "include/lenet.h does not match src/capi.rs; run this test again with LENET_WRITE_HEADER=1 to generate it"
    );
}
