//! Puts a component around a WebAssembly module: `componentize MODULE WIT COMPONENT`.

use std::fs;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, interface, component] = &arguments[..] else {
        return Err("three files are needed: module, interface, component".into());
    };
    let mut resolve = Resolve::default();
    let package = resolve.push_str(interface, &fs::read_to_string(interface)?)?;
    let world = resolve.select_world(&[package], None)?;
    let mut bytes = fs::read(module)?;
    embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8)?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&bytes)?
        .encode()?;
    fs::write(component, encoded)?;
    Ok(())
}
