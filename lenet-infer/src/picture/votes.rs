//! The votes of several looks for the class of a digit.

use super::look::Look;
use crate::Prediction;

/// The number of looks.
pub(super) const LOOKS: usize = Look::ALL.len();

/// What a model says of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The class.
    pub class: u8,
    /// How sure of it the model is, in any unit.
    pub confidence: u16,
}

impl From<Prediction<'_>> for Opinion {
    fn from(prediction: Prediction<'_>) -> Self {
        Self { class: prediction.class, confidence: prediction.confidence }
    }
}

/// The votes of looks at one digit.
///
/// Each look votes for a class with the model's confidence, but with no more than one and a half times what is enough, so that
/// one look alone does not decide. A look without a digit gives no vote.
#[derive(Clone, Debug)]
pub(super) struct Votes {
    /// The confidence from which a model is sure of an image.
    enough: u16,
    opinions: [Option<Opinion>; LOOKS],
    looks: usize,
}

impl Votes {
    pub(super) const fn new(enough: u16) -> Self {
        Self { enough, opinions: [None; LOOKS], looks: 0 }
    }

    /// Adds a look's vote.
    pub(super) fn cast(&mut self, opinion: Option<Opinion>) {
        if let Some(place) = self.opinions.get_mut(self.looks) {
            *place = opinion;
            self.looks += 1;
        }
    }

    /// The number of votes for a class.
    // Never inlined, so that a program does not have it once per look.
    #[inline(never)]
    fn count(&self, class: u8) -> u32 {
        let most = u32::from(self.enough) * 3 / 2;
        let opinions = self.opinions.iter().flatten().filter(|opinion| opinion.class == class);
        opinions.map(|opinion| u32::from(opinion.confidence).min(most)).sum()
    }

    /// The class with most votes, of those with as many the one that was seen first. `None` if no look shows a digit.
    pub(super) fn winner(&self) -> Option<u8> {
        let classes = self.opinions.iter().flatten().map(|opinion| opinion.class);
        classes.rev().max_by_key(|class| self.count(*class))
    }

    /// Whether a class is so far ahead of every other that it is no guess: by twice of what is enough after two looks, by three
    /// times after more.
    pub(super) fn are_for(&self, class: u8) -> bool {
        let others = self.opinions.iter().flatten().filter(|opinion| opinion.class != class);
        let second = others.map(|opinion| self.count(opinion.class)).max().unwrap_or_default();
        let needed = u32::from(self.enough) * if self.looks <= 2 { 2 } else { 3 };
        self.looks >= 2 && self.count(class) >= second + needed
    }

    /// The look to show of a class: the usual one if the model was sure of it there, or else the one in which it was surest.
    pub(super) fn best_look(&self, class: u8) -> Look {
        let looks = Look::ALL.into_iter().zip(self.opinions);
        let seen = looks.filter_map(|(look, opinion)| Some((look, opinion.filter(|o| o.class == class)?)));
        let rank = |look, confidence: u16| (confidence.min(self.enough), look == Look::USUAL);
        seen.max_by_key(|(look, opinion)| rank(*look, opinion.confidence))
            .map_or(Look::USUAL, |(look, _)| look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(opinions: &[Option<(u8, u16)>]) -> Votes {
        let mut votes = Votes::new(100);
        for opinion in opinions {
            votes.cast(opinion.map(|(class, confidence)| Opinion { class, confidence }));
        }
        votes
    }

    #[test]
    fn the_class_with_most_votes_wins_and_of_equals_the_one_that_was_seen_first() {
        assert_eq!(votes(&[]).winner(), None);
        assert_eq!(votes(&[None, None]).winner(), None);
        assert_eq!(votes(&[Some((3, 0))]).winner(), Some(3));
        assert_eq!(votes(&[Some((3, 50)), None, Some((8, 50))]).winner(), Some(3));
        assert_eq!(votes(&[Some((3, 50)), Some((8, 30)), Some((8, 30))]).winner(), Some(8));
        // One look alone has no more than 150 votes.
        assert_eq!(votes(&[Some((3, 9999)), Some((8, 76)), Some((8, 75))]).winner(), Some(8));
    }

    #[test]
    fn a_class_is_no_guess_if_it_is_ahead_by_two_votes_of_two_looks_or_three_of_more() {
        assert!(!votes(&[Some((3, 9999))]).are_for(3));
        assert!(votes(&[Some((3, 120)), Some((3, 80))]).are_for(3));
        assert!(!votes(&[Some((3, 120)), Some((3, 79))]).are_for(3));
        assert!(!votes(&[Some((3, 150)), None]).are_for(3));
        let (most, third) = (Some((3, 150)), Some((3, 20)));
        assert!(votes(&[most, None, most]).are_for(3));
        assert!(votes(&[most, Some((8, 20)), most, third]).are_for(3));
        assert!(!votes(&[most, Some((8, 21)), most, third]).are_for(3));
        assert!(!votes(&[most, Some((8, 20)), most, third]).are_for(8));
    }

    #[test]
    fn any_votes_are_counted_without_an_overflow() {
        let mut votes = Votes::new(u16::MAX);
        for _ in 0..=LOOKS {
            votes.cast(Some(Opinion { class: 255, confidence: u16::MAX }));
        }
        assert!(votes.are_for(255) && !votes.are_for(0));
    }
}
