//! The certificate of the admission server. API servers call webhooks only over TLS.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A certificate and its key, as PEM.
pub struct Certificate {
    /// The certificate, followed by its chain.
    pub chain: String,
    /// The private key of the certificate.
    pub key: String,
}

impl Certificate {
    /// Reads the certificate and the key from files.
    ///
    /// # Errors
    /// Fails if one of the files can't be read.
    pub fn from_files(chain: &Path, key: &Path) -> Result<Self> {
        let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()));
        Ok(Self { chain: read(chain)?, key: read(key)? })
    }

    /// Generates a certificate for `localhost` and `127.0.0.1`, and an authority that signs it. Returns the
    /// certificate, and the authority as PEM. The authority's key is dropped, so the authority can't sign another
    /// certificate.
    ///
    /// # Errors
    /// Fails if a key can't be generated.
    pub fn for_loopback() -> Result<(Self, String)> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate()?;
        let names = ["localhost".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST).to_string()];
        let chain = CertificateParams::new(names)?.signed_by(&key, &issuer)?.pem();
        Ok((Self { chain, key: key.serialize_pem() }, authority_pem))
    }
}
