//! Finds the Helm chart that a file belongs to.
//!
//! Source: Helm's "The Chart File Structure".

use std::path::Path;

use super::walk::shown;

/// The file that makes a directory a chart.
pub const METADATA: &str = "Chart.yaml";

/// Returns the directory of the chart that a file is a part of. The files of a chart are directly in its directory,
/// such as `values.yaml`, or below `templates` or `ci`. For a chart in the directory `charts` of another chart, returns
/// the outer chart.
pub fn chart_of(file: &Path) -> Option<String> {
    let is_chart = |directory: &&Path| directory.join(METADATA).is_file();
    let mut directory = file.ancestors().skip(1).find(is_chart)?;
    let below = file.strip_prefix(directory).ok()?;
    let is_part = below.components().count() == 1 || below.starts_with("templates") || below.starts_with("ci");
    if !is_part {
        return None;
    }
    while let Some(charts) = directory.parent().filter(|it| it.ends_with("charts"))
        && let Some(outer) = charts.parent().filter(is_chart)
    {
        directory = outer;
    }
    Some(shown(if directory == Path::new("") { Path::new(".") } else { directory }))
}
