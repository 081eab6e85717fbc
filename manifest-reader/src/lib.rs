//! Kubernetes manifests as kubectl reads them, with the line and column of each field.
//!
//! The input contains one or more [`Document`]s: consecutive JSON values, or YAML documents separated by `---`. A
//! document that can't be read is an [`Unreadable`] with its position; the documents after it are still read. Each item
//! of a `List`, as printed by `kubectl get -o yaml`, is a separate [`Object`].
//!
//! - JSON is kept byte for byte.
//! - YAML becomes JSON by the rules of kubectl (`sigs.k8s.io/yaml`, which is YAML 1.1): `yes` is `true`, and `0777`
//!   is 511. If a key occurs twice, the last value wins, and the first is a [`Duplicate`]. Unlike in kubectl, the keys
//!   `y` and `n` stay strings.
//!
//! Limits: 255 levels of nesting, and [1,000,000 nodes](NODE_LIMIT) that aliases add to a document. No I/O.
//!
//! ```
//! let text = "kind: List\nitems:\n- kind: ServiceAccount\n  metadata: {name: web}\n";
//! let documents = manifest_reader::documents(text);
//! let document = documents[0].as_ref().unwrap();
//! let object = &document.objects()[0];
//! assert_eq!(object.json, r#"{"kind":"ServiceAccount","metadata":{"name":"web"}}"#);
//! let place = document.place(&format!("{}/metadata/name", object.pointer)).unwrap();
//! assert_eq!((place.value.line, place.value.column), (4, 20));
//! ```

mod compose;
mod document;
mod namespace;
mod node;
mod object;
mod position;
mod scalar;

pub use compose::{Comment, Duplicate, NODE_LIMIT};
pub use document::{Document, Unreadable, documents};
pub use namespace::{in_namespace, is_cluster_scoped};
pub use node::{Member, Node, Place, Value};
pub use object::{Object, list_items};
pub use position::Position;
