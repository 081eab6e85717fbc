//! The payload that Kubewarden sends to the policy: a request and the policy's settings.
//!
//! Source: Kubewarden's policy specification, "Validating policies": `{"request": …, "settings": …}`, in any order.

use irsa::SettingsErrors;
use irsa::json::{Field, Reader, Result, Unreadable};
use irsa::{Request, Settings};

/// A request, and the policy's settings or the errors in them.
pub(crate) struct Payload<'j> {
    pub(crate) request: Request<'j>,
    pub(crate) settings: core::result::Result<Settings<'j>, SettingsErrors>,
}

impl<'j> Payload<'j> {
    /// Reads a payload. If the payload has no settings, the defaults apply.
    ///
    /// # Errors
    /// Fails if the payload is not JSON, or if its request is missing or can't be read.
    pub(crate) fn read(text: &'j str) -> Result<Self> {
        let mut request = Field::Missing;
        let mut settings = Field::Missing;
        let mut reader = Reader::new(text);
        reader.object(|reader, key| match key {
            "request" => request.read(reader, Request::read),
            // Reading continues after invalid settings.
            "settings" => settings.read(reader, Settings::read),
            _ => reader.skip(),
        })?;
        reader.finish()?;
        Ok(Self {
            request: request.into_option().ok_or_else(|| Unreadable::missing("a request").within("request"))?,
            settings: match settings {
                Field::Present(settings) => settings,
                Field::Missing | Field::Null(_) => Ok(Settings::default()),
            },
        })
    }
}
