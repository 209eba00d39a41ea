//! The committed C header is the one that cbindgen generates from the code.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_committed_header_is_what_cbindgen_generates() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    let [engine, picture] = ["src/capi.rs", "src/capi/prepare.rs"].map(|source| package.join(source));
    let bindings = cbindgen::Builder::new().with_config(config).with_src(engine).with_src(picture).generate();
    let mut generated = Vec::new();
    bindings.expect("src/capi.rs and src/capi/prepare.rs have a C interface").write(&mut generated);

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
