//! Tests the scripts that write the files of a release.

use std::io::Write;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::support::in_repository;

const PACKAGES: [&str; 5] = [
    "irsa-v0.1.0-x86_64-unknown-linux-musl.tar.gz",
    "irsa-v0.1.0-aarch64-unknown-linux-musl.tar.gz",
    "irsa-v0.1.0-x86_64-apple-darwin.tar.gz",
    "irsa-v0.1.0-aarch64-apple-darwin.tar.gz",
    "irsa-v0.1.0-x86_64-pc-windows-msvc.zip",
];

/// Runs `release/krew` for these packages. The checksums of the packages are 0, 1, and so on.
fn krew(packages: &[&str]) -> Output {
    let mut sums = NamedTempFile::new().unwrap();
    for (index, package) in packages.iter().enumerate() {
        writeln!(sums, "{index:064}  {package}").unwrap();
    }
    Command::new(in_repository("release/krew")).arg("0.1.0").arg(sums.path()).output().unwrap()
}

#[test]
fn the_krew_manifest_has_a_checksum_for_every_platform() {
    let output = krew(&PACKAGES);
    assert!(output.status.success(), "{output:?}");
    let manifest: Value = yaml_serde::from_slice(&output.stdout).unwrap();
    assert_eq!(manifest["spec"]["version"], "v0.1.0");
    let platforms = manifest["spec"]["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), PACKAGES.len());
    for (index, (platform, package)) in platforms.iter().zip(PACKAGES).enumerate() {
        assert!(platform["uri"].as_str().unwrap().ends_with(&format!("/releases/download/v0.1.0/{package}")));
        assert_eq!(platform["sha256"], format!("{index:064}"), "{package}");
    }
}

#[test]
fn the_krew_manifest_is_not_written_without_a_checksum() {
    let output = krew(&PACKAGES[1..]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains(PACKAGES[0]), "{output:?}");
}

/// `kwctl inspect` and registries show the usage text outside the repository, where relative links do not work.
#[test]
fn the_usage_text_has_no_markers_and_no_relative_links() {
    let output = Command::new(in_repository("release/usage")).arg(in_repository("README.md")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let usage = String::from_utf8(output.stdout).unwrap();
    assert!(!usage.contains("<!--"), "comments are for mdBook and our tests");
    let links: Vec<&str> = usage.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 10);
    for link in links {
        assert!(link.starts_with("https://") || link.starts_with('#'), "`{link}` works only in the repository");
    }
}
