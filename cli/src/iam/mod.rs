//! What files show about IAM, held against the service accounts of the input.

use std::path::PathBuf;

use anyhow::Result;
use irsa::Settings;

use crate::check::Index;
use crate::report::Report;

/// The service accounts of the input.
pub struct Accounts<'a> {
    /// The accounts.
    pub index: &'a Index,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
}

/// Adds what the files of IAM show to the report.
pub fn check(
    _files: &[PathBuf],
    _issuers: &[(String, String)],
    _accounts: &Accounts<'_>,
    _report: &mut Report,
) -> Result<()> {
    Ok(())
}
