//! The choice of the best epoch, and the decision when a run is over.

use crate::train::EpochMetrics;
use crate::train::recipe::Settings;

/// Returns the epoch with the lowest loss on the held-out images, the first of equal ones.
///
/// Once quantization-aware training has begun, only its epochs count, since their losses are those of the quantized
/// network.
pub fn best_epoch<'a>(settings: &Settings, history: &'a [EpochMetrics]) -> Option<&'a EpochMetrics> {
    comparable(settings, history).iter().min_by(|a, b| a.held_out.loss.total_cmp(&b.held_out.loss))
}

/// Whether a run is over: all epochs are finished, or early stopping ends it.
pub fn is_over(settings: &Settings, history: &[EpochMetrics]) -> bool {
    let finished = history.last().map_or(0, |epoch| epoch.epoch);
    finished >= settings.epochs || stops_early(settings, history)
}

/// Whether the loss has not fallen for [`Settings::early_stop`] epochs. A run with quantization-aware training is not
/// stopped before that phase begins.
fn stops_early(settings: &Settings, history: &[EpochMetrics]) -> bool {
    let in_last_phase = settings.qat_epochs == 0 || first_quantization_aware(settings, history).is_some();
    let (Some(last), Some(best)) = (history.last(), best_epoch(settings, history)) else { return false };
    settings.early_stop > 0 && in_last_phase && last.epoch - best.epoch >= settings.early_stop
}

/// Returns the epochs whose losses can be compared with that of the last epoch.
fn comparable<'a>(settings: &Settings, history: &'a [EpochMetrics]) -> &'a [EpochMetrics] {
    &history[first_quantization_aware(settings, history).unwrap_or(0)..]
}

fn first_quantization_aware(settings: &Settings, history: &[EpochMetrics]) -> Option<usize> {
    history.iter().position(|epoch| settings.is_quantization_aware(epoch.epoch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::recipe::Recipe;

    fn history(losses: &[f64]) -> Vec<EpochMetrics> {
        (1..).zip(losses).map(|(epoch, &loss)| EpochMetrics::example(epoch, loss)).collect()
    }

    fn settings(epochs: u32, qat_epochs: u32, early_stop: u32) -> Settings {
        Settings { epochs, qat_epochs, early_stop, ..Recipe::Default.settings() }
    }

    #[test]
    fn the_best_epoch_has_the_lowest_loss_among_the_quantization_aware_ones_once_there_are_any() {
        let losses = history(&[0.4, 0.2, 0.2, 0.3]);
        assert_eq!(best_epoch(&settings(9, 0, 0), &losses).unwrap().epoch, 2);
        assert_eq!(best_epoch(&settings(4, 1, 0), &losses).unwrap().epoch, 4);
        assert_eq!(best_epoch(&settings(4, 1, 0), &losses[..3]).unwrap().epoch, 2);
        assert!(best_epoch(&settings(4, 1, 0), &[]).is_none());
    }

    #[test]
    fn a_run_is_over_after_its_epochs_or_when_the_loss_has_not_fallen_for_the_allowed_number_of_epochs() {
        let losses = history(&[0.4, 0.2, 0.3, 0.25]);
        assert!(is_over(&settings(4, 0, 0), &losses) && !is_over(&settings(5, 0, 0), &losses));
        assert!(is_over(&settings(9, 0, 2), &losses) && !is_over(&settings(9, 0, 3), &losses));
        assert!(!is_over(&settings(9, 2, 2), &losses), "the quantization-aware epochs are still to come");
        assert!(is_over(&Recipe::Imported.settings(), &[]));
    }
}
