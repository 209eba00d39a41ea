//! The planes of the steps of a preparation, kept for the page.

use lenet_infer::picture::{Step, View, gradient};

/// The steps that are kept, in their order.
const STEPS: usize = 5;

/// The steps of a look at a picture or a part of it, with room for `CELLS` cells per step.
#[derive(Clone, Copy)]
pub(crate) struct Steps<const CELLS: usize> {
    width: usize,
    /// The cells of a step.
    length: usize,
    planes: [[u8; CELLS]; STEPS],
}

/// A plane, as the page reads it.
#[repr(C)]
pub(crate) struct Plane {
    width: usize,
    height: usize,
    cells: *const u8,
}

impl Plane {
    pub(crate) const NONE: Self = Self { width: 0, height: 0, cells: core::ptr::null() };
}

impl<const CELLS: usize> Steps<CELLS> {
    pub(crate) const NONE: Self = Self { width: 0, length: 0, planes: [[0; CELLS]; STEPS] };

    /// Whether there was a look.
    pub(crate) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Forgets the look.
    pub(crate) const fn clear(&mut self) {
        self.length = 0;
    }

    /// Keeps the plane of a step, if there is room for it; of the smoothed ink also its gradient.
    pub(crate) fn keep(&mut self, step: Step<'_>) {
        let [gray, ink, smoothed, edges, parts] = &mut self.planes;
        let (plane, view) = match step {
            Step::Reduced(view) => (gray, view),
            Step::Ink(view) => (ink, view),
            Step::Smoothed(view) => {
                if let Some(edges) = edges.get_mut(..view.cells.len()) {
                    gradient(view, edges);
                }
                (smoothed, view)
            }
            Step::Parts(view) => (parts, view),
            _ => return,
        };
        let View { width, cells, .. } = view;
        let Some(plane) = plane.get_mut(..cells.len()) else { return };
        plane.iter_mut().zip(cells).for_each(|(to, from)| *to = *from);
        (self.width, self.length) = (width, cells.len());
    }

    /// The planes of all steps.
    pub(crate) fn planes(&self) -> [Plane; STEPS] {
        let (width, height) = (self.width, self.length / self.width.max(1));
        self.planes.each_ref().map(|cells| Plane { width, height, cells: cells.as_ptr() })
    }
}
