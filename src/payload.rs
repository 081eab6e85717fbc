//! What Kubewarden sends: a request, and the settings of the policy.
//!
//! Source: Kubewarden's policy specification, "Validating policies": `{"request": …, "settings": …}`. The host writes
//! the request first, but any order is read.

use irsa::SettingsErrors;
use irsa::json::{Field, Reader, Result, Unreadable, Value};
use irsa::{Request, Settings};

/// A request, and the settings of the policy, or what is wrong with them.
pub(crate) struct Payload<'j> {
    pub(crate) request: Request<'j>,
    pub(crate) settings: std::result::Result<Settings<'j>, SettingsErrors>,
}

impl<'j> Payload<'j> {
    /// Reads a payload. Without settings, all have their defaults.
    ///
    /// # Errors
    /// Fails where there is no request that can be read.
    pub(crate) fn read(text: &'j str) -> Result<Self> {
        let mut request = Field::Missing;
        let mut settings = Field::Missing;
        let mut reader = Reader::new(text);
        reader.object(|reader, key| match key {
            "request" => request.read(reader, Request::read),
            "settings" => settings.read(reader, |reader| {
                // Wrong settings are no reason not to read on.
                Ok(Settings::read(&Value::read(reader)?))
            }),
            _ => reader.skip(),
        })?;
        reader.finish()?;
        Ok(Self {
            request: request.into_option().ok_or_else(|| Unreadable::missing("a request").within("request"))?,
            settings: settings.into_option().unwrap_or_else(|| Ok(Settings::default())),
        })
    }
}
