//! Compares the credentials that each SDK uses with the predictions of `Sdk::takes` and `Sdk::takes_if_refused`.
//!
//! A prediction can depend on the AWS configuration files, which a pod does not show. The test knows these files. If
//! the files give no credentials, the test continues with the rest of the SDK's order.

use std::collections::BTreeSet;
use std::fs;

use irsa_explain::container::Container;
use irsa_explain::sdk::{Place, Sdk, Taken, Unseen};

use super::recorder::{Answers, Asked, Recorder, keys};
use super::{ROLE, Variables, compare, container, errors, run};

/// Static keys.
const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", keys::STATIC), ("AWS_SECRET_ACCESS_KEY", "secret")];

/// Container credentials.
const CONTAINER: [(&str, &str); 1] = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "RECORDER/container-credentials")];

/// With this variable, the SDK gets no credentials from IMDS.
const NO_NODE: [(&str, &str); 1] = [("AWS_EC2_METADATA_DISABLED", "true")];

/// Selects the profile `app`.
const APP: [(&str, &str); 1] = [("AWS_PROFILE", "app")];

/// The variables that name the shared files, with their paths.
const NAMED_FILES: [(&str, &str); 2] =
    [("AWS_CONFIG_FILE", "FOLDER/config"), ("AWS_SHARED_CREDENTIALS_FILE", "FOLDER/credentials")];

/// The content of the shared files, and facts about the profile that the environment selects.
#[derive(Debug, Clone, Copy)]
struct Files {
    config: &'static str,
    credentials: &'static str,
    /// The selected profile exists.
    has_profile: bool,
    /// The selected profile has a `role_arn`.
    has_role: bool,
    /// The selected profile has keys or a role.
    gives: bool,
}

const EMPTY: Files = Files { config: "", credentials: "", has_profile: false, has_role: false, gives: false };

const DEFAULT_KEYS: Files = Files {
    credentials: "[default]\naws_access_key_id = AKIA00000000PROFILE0\naws_secret_access_key = secret\n",
    has_profile: true,
    gives: true,
    ..EMPTY
};

const APP_KEYS: Files = Files {
    credentials: "[app]\naws_access_key_id = AKIA00000000PROFILE0\naws_secret_access_key = secret\n",
    ..DEFAULT_KEYS
};

/// A profile with neither keys nor a role. Many programs have such a profile, only to set the region.
const APP_REGION: Files =
    Files { config: "[profile app]\nregion = us-east-2\noutput = json\n", has_profile: true, ..EMPTY };

const DEFAULT_REGION: Files = Files { config: "[default]\nregion = us-east-2\noutput = json\n", ..APP_REGION };

const OTHER_KEYS: Files = Files {
    credentials: "[other]\naws_access_key_id = AKIA00000000PROFILE0\naws_secret_access_key = secret\n",
    ..EMPTY
};

const APP_ROLE: Files = Files {
    config: "[profile app]\nrole_arn = arn:aws:iam::111122223333:role/other\nsource_profile = base\nregion = us-east-2\n",
    credentials: "[base]\naws_access_key_id = AKIA00000000PROFILE0\naws_secret_access_key = secret\n",
    has_role: true,
    ..DEFAULT_KEYS
};

const DEFAULT_ROLE: Files = Files {
    config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/other\nsource_profile = base\nregion = us-east-2\n",
    ..APP_ROLE
};

/// An environment of a container.
struct Environment {
    variables: Variables,
    files: Files,
    /// The files are in the home directory's `.aws`, and no variable names them.
    is_home: bool,
    answers: Answers,
    /// The SDKs whose result the rules do not predict, because the result depends on files or on an endpoint's failure.
    /// Each SDK has its expected result.
    except: &'static [(&'static str, Used)],
}

impl Environment {
    fn home(self) -> Self {
        Self { is_home: true, ..self }
    }

    fn with(self, files: Files) -> Self {
        Self { files, ..self }
    }

    fn without_node(self) -> Self {
        Self { answers: Answers { node_has_role: false, ..self.answers }, ..self }
    }

    fn without_container(self) -> Self {
        Self { answers: Answers { container_refuses: true, ..self.answers }, ..self }
    }

    fn refused(self) -> Self {
        Self { answers: Answers { sts_refuses: true, ..self.answers }, ..self }
    }

    fn except(self, except: &'static [(&'static str, Used)]) -> Self {
        Self { except, ..self }
    }
}

/// An environment with these variables. STS gives credentials for the role, and the node has a role.
fn of(variables: &[&[(&'static str, &'static str)]]) -> Environment {
    let variables = variables.concat();
    let answers = Answers { sts_refuses: false, container_refuses: false, node_has_role: true };
    Environment { variables, files: EMPTY, is_home: false, answers, except: &[] }
}

#[rustfmt::skip]
fn environments() -> Vec<Environment> {
    let key_id = KEYS.first_chunk::<1>().unwrap();
    let secret = KEYS.last_chunk::<1>().unwrap();
    let role = &ROLE;
    vec![
        // Each place alone, and web identity together with each other place.
        of(&[]),
        of(&[&NO_NODE]),
        of(&[]).without_node(),
        of(&[&KEYS]),
        of(&[role]),
        of(&[role, &NO_NODE]),
        of(&[&CONTAINER]),
        of(&[role, &KEYS]),
        of(&[role, &CONTAINER]),
        of(&[role, &KEYS, &CONTAINER]),
        of(&[&KEYS, &CONTAINER]),
        // Only one of the two static keys, empty keys, and keys under other names.
        of(&[role, key_id]),
        of(&[role, secret]),
        of(&[key_id]),
        of(&[&CONTAINER, key_id]),
        of(&[role, &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]]),
        of(&[role, key_id, &[("AWS_SECRET_ACCESS_KEY", "")]]),
        of(&[role, &[("AWS_ACCESS_KEY", keys::STATIC), ("AWS_SECRET_KEY", "secret")]]),
        of(&[role, key_id, &[("AWS_SECRET_KEY", "secret")]]),
        of(&[role, key_id, &[("SECRET_ACCESS_KEY", "secret")]]),
        of(&[role, &[("AMAZON_ACCESS_KEY_ID", keys::STATIC), ("AMAZON_SECRET_ACCESS_KEY", "secret")]]),
        of(&[role, &[("AWS_SESSION_TOKEN", "token")]]),
        // The shared files without `AWS_PROFILE`: at the paths in variables, and in the home directory.
        of(&[role, &NAMED_FILES]),
        of(&[role, &NAMED_FILES]).with(DEFAULT_KEYS),
        of(&[role, &NAMED_FILES]).with(DEFAULT_REGION),
        of(&[role, &NAMED_FILES]).with(DEFAULT_ROLE),
        of(&[role, &NAMED_FILES]).with(OTHER_KEYS),
        of(&[role]).home().with(DEFAULT_KEYS),
        of(&[role]).home().with(DEFAULT_ROLE),
        of(&[role, &KEYS]).home().with(DEFAULT_ROLE),
        of(&[]).home().with(DEFAULT_KEYS),
        of(&[&CONTAINER]).home().with(DEFAULT_KEYS),
        of(&[&CONTAINER]).home().with(DEFAULT_REGION),
        of(&[&KEYS, &NAMED_FILES]).with(DEFAULT_KEYS),
        // `AWS_PROFILE` names a profile with keys, with a role, with neither, or a missing profile. Or it is empty.
        of(&[role, &NAMED_FILES, &APP]).with(APP_KEYS),
        of(&[role, &NAMED_FILES, &APP]).with(APP_ROLE),
        of(&[role, &NAMED_FILES, &APP]).with(APP_REGION),
        of(&[role, &KEYS, &NAMED_FILES, &APP]).with(APP_KEYS),
        of(&[role, &KEYS, &NAMED_FILES, &APP]).with(APP_ROLE),
        of(&[role, &KEYS, &NAMED_FILES, &APP]).with(APP_REGION),
        of(&[&KEYS, &NAMED_FILES, &APP]).with(APP_REGION),
        of(&[&CONTAINER, &NAMED_FILES, &APP]).with(APP_KEYS),
        of(&[role, &APP]),
        of(&[role, &KEYS, &APP]),
        of(&[&CONTAINER, &APP]),
        of(&[role, &NAMED_FILES, &APP]).with(OTHER_KEYS),
        of(&[role, &[("AWS_PROFILE", "")]]),
        of(&[role, &[("AWS_DEFAULT_PROFILE", "")]]),
        // Rust looks for a profile with an empty name. No profile has this name, so Rust uses web identity.
        of(&[role, &[("AWS_PROFILE", "")]]).home().with(DEFAULT_KEYS).except(&[("Rust", Used::WebIdentity)]),
        of(&[role, &[("AWS_DEFAULT_PROFILE", "app")]]),
        of(&[role, &APP, &[("AWS_DEFAULT_PROFILE", "")]]),
        of(&[role, &[("AWS_DEFAULT_PROFILE", "app"), ("AWS_PROFILE", "")]]),
        // Only one of the two variables of web identity, and empty variables.
        of(&[role.first_chunk::<1>().unwrap()]),
        of(&[role.last_chunk::<1>().unwrap()]),
        of(&[&CONTAINER, role.first_chunk::<1>().unwrap()]),
        of(&[&CONTAINER, role.last_chunk::<1>().unwrap()]),
        of(&[&CONTAINER, &[("AWS_ROLE_ARN", ""), ("AWS_WEB_IDENTITY_TOKEN_FILE", "")]]),
        of(&[&CONTAINER, role, &[("AWS_ROLE_ARN", "")]]),
        of(&[&CONTAINER, role, &[("AWS_WEB_IDENTITY_TOKEN_FILE", "")]]),
        of(&[role, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")]]),
        of(&[&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")]]),
        of(&[&[("AWS_EC2_METADATA_DISABLED", "")]]),
        of(&[&[("AWS_EC2_METADATA_DISABLED", "TRUE")]]),
        of(&[&[("AWS_EC2_METADATA_DISABLED", "false")]]),
        of(&[&[("AWS_EC2_METADATA_DISABLED", "FALSE")]]),
        of(&[&[("AWS_EC2_METADATA_DISABLED", "1")]]),
        // The endpoint of container credentials fails. Only Java v2 then uses the node's role: see `Place::Instance`.
        of(&[&CONTAINER]).without_container().except(&[("Java v2", Used::Node)]),
        of(&[role, &CONTAINER]).without_container(),
        // STS refuses.
        of(&[role]).refused(),
        of(&[role]).refused().without_node(),
        of(&[role, &NO_NODE]).refused(),
        of(&[role, &CONTAINER]).refused(),
        of(&[role, &KEYS]).refused(),
        of(&[role]).home().with(DEFAULT_KEYS).refused(),
        of(&[role]).home().with(DEFAULT_REGION).refused(),
    ]
}

/// The credentials that an SDK uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Used {
    Static,
    Files,
    WebIdentity,
    Container,
    Node,
    Nothing,
}

/// Returns the credentials that the rules predict.
fn predicted(sdk: &Sdk, environment: &Environment, container: &Container) -> Used {
    let predicted = match decided(sdk, sdk.takes(container), environment, container) {
        Taken::From(Place::WebIdentity) if environment.answers.sts_refuses => {
            let web_identity = sdk.order.iter().position(|place| *place == Place::WebIdentity).unwrap();
            let rest = Sdk { order: &sdk.order[web_identity + 1..], ..*sdk };
            match sdk.takes_if_refused(container) {
                Some(taken) => decided(&rest, taken, environment, container),
                None => Taken::None,
            }
        }
        taken => taken,
    };
    match predicted {
        Taken::From(Place::Static) => Used::Static,
        Taken::From(Place::ExistingProfile | Place::NamedProfile | Place::RoleProfile | Place::Files) => Used::Files,
        Taken::From(Place::WebIdentity) => Used::WebIdentity,
        Taken::From(Place::Container) if environment.answers.container_refuses => Used::Nothing,
        Taken::From(Place::Container) => Used::Container,
        Taken::From(Place::Instance) if environment.answers.node_has_role => Used::Node,
        Taken::Depends(_) => unreachable!("the test knows all of the container"),
        _ => Used::Nothing,
    }
}

/// Returns `taken`, unless it depends on files. In this case, returns the credentials that the SDK uses with the
/// environment's files. `sdk.order` has only the places that the SDK can still try.
fn decided(sdk: &Sdk, taken: Taken, environment: &Environment, container: &Container) -> Taken {
    let (Taken::Depends(unseen), files) = (taken, environment.files) else { return taken };
    let alone = |index: usize| Sdk { order: &sdk.order[index..=index], ..*sdk };
    let index = (0..sdk.order.len()).find(|index| alone(*index).takes(container) == taken).unwrap();
    let gives = match (unseen, sdk.order[index]) {
        (Unseen::Profile, _) if !files.has_profile => return Taken::None,
        (Unseen::Profile, _) => false,
        (Unseen::Files, Place::RoleProfile) => files.has_role,
        (Unseen::Files, _) => files.gives,
        (unseen, place) => panic!("{unseen:?} at {place:?}"),
    };
    if gives {
        return Taken::From(sdk.order[index]);
    }
    let rest = Sdk { order: &sdk.order[index + 1..], ..*sdk };
    decided(&rest, rest.takes(container), environment, container)
}

/// Returns the credentials that the SDK's program used. The key of its last `GetCallerIdentity` shows them.
fn used(asked: &[Asked]) -> Used {
    let key =
        asked.iter().rev().find_map(|asked| if let Asked::Identity(key) = asked { Some(key.as_str()) } else { None });
    match key {
        Some(keys::STATIC) => Used::Static,
        Some(keys::PROFILE | keys::PROFILE_ROLE) => Used::Files,
        Some(keys::ROLE) => Used::WebIdentity,
        Some(keys::CONTAINER) => Used::Container,
        Some(keys::NODE) => Used::Node,
        Some(other) => panic!("an unknown key: {other}"),
        None => Used::Nothing,
    }
}

#[test]
fn each_sdk_uses_the_credentials_that_its_order_predicts() {
    compare(|sdk, program| {
        let mut differences = Vec::new();
        let mut seen = BTreeSet::new();
        for environment in environments() {
            let home = tempfile::tempdir().unwrap();
            let folder = home.path().join(if environment.is_home { ".aws" } else { "." });
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("config"), environment.files.config).unwrap();
            fs::write(folder.join("credentials"), environment.files.credentials).unwrap();
            let recorder = Recorder::start(environment.answers);
            let fixed = [
                ("AWS_REGION", "us-east-2"),
                ("AWS_DEFAULT_REGION", "us-east-2"),
                ("AWS_ENDPOINT_URL_STS", "RECORDER"),
            ];
            let variables = [&fixed, environment.variables.as_slice()].concat();

            let output = run(program, &variables, &recorder, home.path());

            let asked = recorder.asked();
            let used = used(&asked);
            assert_eq!(output.status.success(), used != Used::Nothing, "{}: {}", sdk.name, errors(&output));
            let predicted = predicted(sdk, &environment, &container(&variables, environment.is_home));
            let expected =
                environment.except.iter().find(|(name, _)| *name == sdk.name).map_or(predicted, |(_, it)| *it);
            if used != expected {
                differences.push(format!(
                    "{}: expected {expected:?}, but it used {used:?} with {:?} and {:?}: {asked:?}: {}",
                    sdk.name,
                    environment.variables,
                    environment.files,
                    errors(&output)
                ));
            }
            seen.insert(used);
        }
        // Every result must occur. Otherwise the comparison would prove little.
        assert_eq!(seen.len(), 6, "{}: {seen:?}", sdk.name);
        differences
    });
}
