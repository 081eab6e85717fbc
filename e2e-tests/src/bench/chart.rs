//! Draws the chart in the docs: fuel by size of the request.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::Measurement;

const KILO: f64 = 1000.0;
const MEGA: f64 = 1_000_000.0;

/// Draws the fuel of both modules by size of the payload, into an SVG file.
///
/// # Errors
/// Fails if the file can't be written.
pub fn draw(measurements: &[Measurement], path: &Path) -> Result<()> {
    render(measurements, path).map_err(|error| anyhow!("cannot draw `{}`: {error}", path.display()))
}

#[expect(clippy::cast_precision_loss, reason = "the lost precision is less than a pixel")]
fn render(measurements: &[Measurement], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let points = |fuel: fn(&Measurement) -> u64| -> Vec<(f64, f64)> {
        measurements.iter().map(|one| (one.payload as f64 / KILO, fuel(one) as f64 / MEGA)).collect()
    };
    let (floor, policy) = (points(|one| one.floor.call), points(|one| one.policy.call));
    let (width, height) = policy.iter().fold((0.0, 0.0), |(x, y), point| (point.0.max(x), point.1.max(y)));

    let area = SVGBackend::new(path, (760, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..width * 1.04, 0.0..height * 1.08)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_desc("payload, KB")
        .y_desc("fuel, millions")
        .x_label_formatter(&|kilobytes| format!("{kilobytes:.0}"))
        .y_label_formatter(&|millions| format!("{millions:.0}"))
        .label_style(("sans-serif", 14))
        .draw()?;
    for (name, color, points) in
        [("irsa-policy", RGBColor(31, 95, 191), policy), ("floor", RGBColor(120, 120, 120), floor)]
    {
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .label_font(("sans-serif", 14))
        .draw()?;
    area.present()?;
    Ok(())
}
