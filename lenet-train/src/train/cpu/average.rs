//! The exponential moving average of the weights. A run with an
//! [`ema_decay`](crate::train::recipe::Settings::ema_decay) above 0 exports it in place of the last weights.

use crate::model::network::Network;
use dfdx::nn::ModelEMA;
use dfdx::prelude::CpuError;

/// A moving average of the weights over about the last `1 / (1 - decay)` steps.
pub(super) struct Average {
    decay: f64,
    /// A network whose weights are the average.
    pub(super) network: Network,
}

impl Average {
    /// Creates an average that starts with the weights of `network`.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(super) fn new(decay: f64, network: &Network) -> Result<Self, CpuError> {
        let mut average = Network::new(network.device().clone(), network.classes())?;
        average.set_weights(&network.weights());
        Ok(Average { decay, network: average })
    }

    /// Updates the average with the weights of `network` after step `steps`, counted from 1.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(super) fn update(&mut self, network: &Network, steps: u64) -> Result<(), CpuError> {
        self.network.layers.try_ema(&network.layers, decay_at(self.decay, steps))
    }
}

/// Returns the decay of the average in step `steps`, counted from 1. It starts small, so that the average soon forgets the
/// initial weights.
pub(in crate::train) fn decay_at(decay: f64, steps: u64) -> f64 {
    decay.min(steps as f64 / (steps + 10) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::weights::FloatWeights;
    use dfdx::prelude::Cpu;

    fn filled(network: &Network, value: f32) -> FloatWeights {
        let mut weights = network.weights();
        for layer in weights.layers_mut() {
            layer.weight.fill(value);
            layer.bias.fill(value);
        }
        weights
    }

    #[test]
    fn each_update_moves_the_average_by_its_share_of_the_distance() {
        let mut network = Network::new(Cpu::seed_from_u64(1), 10).unwrap();
        network.set_weights(&filled(&network, 1.0));
        let mut average = Average::new(0.75, &network).unwrap();
        network.set_weights(&filled(&network, 5.0));
        // The decay has risen to 1/2 in step 10, and to the full 3/4 in step 1000.
        average.update(&network, 10).unwrap();
        assert_eq!(average.network.weights(), filled(&network, 3.0));
        average.update(&network, 1_000).unwrap();
        assert_eq!(average.network.weights(), filled(&network, 3.5));
    }
}
