//! The confusion matrix as a heat map, with each class's recall beside it.

use super::text;
use crate::eval::check::FinalTable;

/// The section with the heat map: a table, so that its counts can be read aloud and copied.
pub(super) fn section(result: &FinalTable, classes: &[String]) -> String {
    let heads: String =
        classes.iter().map(|name| format!("<th scope=\"col\">{}</th>", text::escape(name))).collect();
    let recall = result.recall();
    let shades = Shades::of(&result.confusion);
    let rows: String = result
        .confusion
        .iter()
        .enumerate()
        .map(|(label, counts)| {
            let cells = counts.iter().enumerate();
            let cells: String =
                cells.map(|(predicted, &count)| cell(label, predicted, count, &shades)).collect();
            format!(
                "<tr><th scope=\"row\">{name}</th>{cells}<td class=\"recall\">{recall}</td>\
                 <td class=\"missed\"><b>{missed}</b><i style=\"--v:{bar:.3}\"></i></td></tr>\n",
                name = text::escape(&classes[label]),
                recall = recall[label].map_or(text::NONE.into(), |recall| text::percent(recall, 1)),
                missed = text::count(missed(counts, label)),
                bar = missed(counts, label) as f64 / shades.most_missed.max(1) as f64,
            )
        })
        .collect();
    let body = format!(
        "<div class=\"scroll\"><table class=\"confusion{named}\">\n<thead>\
         <tr><td></td><th colspan=\"{count}\" class=\"axis\">predicted</th>\
         <td class=\"recall\"></td><td class=\"missed\"></td></tr>\n\
         <tr><th class=\"axis\">true</th>{heads}<th class=\"recall\">recall</th><th>missed</th></tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n",
        named = text::named_class(classes),
        count = classes.len(),
    );
    let lead = "Test images by true and predicted class, as the integer file sees them. Mistakes have a colour \
                scale of their own, which is logarithmic: a single one shows beside a thousand hits.";
    text::section("confusion", "Confusion matrix", lead, &body)
}

/// What the two colour scales and the bars end on.
struct Shades {
    most_hits: u32,
    most_mistakes: u32,
    most_missed: u64,
}

impl Shades {
    fn of(confusion: &[Vec<u32>]) -> Self {
        let mut shades = Self { most_hits: 0, most_mistakes: 0, most_missed: 0 };
        for (label, counts) in confusion.iter().enumerate() {
            for (predicted, &count) in counts.iter().enumerate() {
                let most = if label == predicted { &mut shades.most_hits } else { &mut shades.most_mistakes };
                *most = count.max(*most);
            }
            shades.most_missed = missed(counts, label).max(shades.most_missed);
        }
        shades
    }
}

fn missed(counts: &[u32], label: usize) -> u64 {
    let mistakes = counts.iter().enumerate().filter(|(predicted, _)| *predicted != label);
    mistakes.map(|(_, &count)| u64::from(count)).sum()
}

fn cell(label: usize, predicted: usize, count: u32, shades: &Shades) -> String {
    if label == predicted {
        let shade = f64::from(count) / f64::from(shades.most_hits.max(1));
        return format!("<td class=\"hit\" style=\"--v:{shade:.3}\">{count}</td>");
    }
    if count == 0 {
        return "<td class=\"never\">0</td>".into();
    }
    let shade = f64::from(count).ln_1p() / f64::from(shades.most_mistakes).ln_1p();
    format!("<td class=\"mistake\" style=\"--v:{shade:.3}\">{count}</td>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_mistake_shows_beside_a_thousand_hits() {
        let mut confusion = vec![vec![0; 10]; 10];
        confusion[3][3] = 1000;
        confusion[3][5] = 7;
        confusion[4][9] = 1;
        let shades = Shades::of(&confusion);
        assert_eq!((shades.most_hits, shades.most_mistakes, shades.most_missed), (1000, 7, 7));
        assert!(cell(4, 9, 1, &shades).contains("--v:0.333"));
        assert!(cell(3, 5, 7, &shades).contains("--v:1.000"));
    }
}
