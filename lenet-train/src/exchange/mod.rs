//! The f32 weights from PyTorch, to PyTorch and to ONNX.
//!
//! - [`state_dict`] reads and writes a PyTorch `state_dict` in a safetensors file.
//! - [`onnx`] writes the network as an ONNX file.
//! - [`fold_normalization`] lets a network that was trained on normalized pixels take pixels from 0 to 1.
//!
//! The network in PyTorch. Layers without parameters may be modules or functions; only the five names count.
//!
//! ```python
//! class LeNet(nn.Module):
//!     def __init__(self, classes=10):
//!         super().__init__()
//!         self.conv1 = nn.Conv2d(1, 6, 5)
//!         self.conv2 = nn.Conv2d(6, 16, 5)
//!         self.fc1 = nn.Linear(256, 120)
//!         self.fc2 = nn.Linear(120, 84)
//!         self.fc3 = nn.Linear(84, classes)
//!
//!     def forward(self, image):  # [N, 1, 28, 28], from 0 (paper) to 1 (ink)
//!         x = F.max_pool2d(F.relu(self.conv1(image)), 2)
//!         x = F.max_pool2d(F.relu(self.conv2(x)), 2)
//!         x = torch.flatten(x, 1)
//!         return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))
//! ```

mod error;
mod normalization;
pub mod onnx;
pub mod state_dict;
mod tensors;
#[cfg(test)]
mod test_weights;

pub use error::{ExchangeError, StateDictError};
pub use normalization::fold_normalization;
