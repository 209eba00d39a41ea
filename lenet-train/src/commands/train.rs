//! The command that trains a new run: from its description to the model file and the report.

use super::error::CommandError;
use super::prepare::{Prepared, prepare, splits, with_threads};
use super::results::Results;
use super::session::Session;
use crate::backend::cuda;
use crate::data::Dataset;
use crate::eval::check::FinalTable;
use crate::generate::Mix;
use crate::run::banner::{banner, untrained};
use crate::run::checkpoint;
use crate::run::config::{CONFIG_FILE, DeviceKind, RunConfig};
use crate::run::epoch_log::{CSV_FILE, EpochLog};
use crate::run::export;
use crate::run::folder::{Destination, RunFolder};
use crate::run::progress::Progress;
use crate::run::selection::{best_epoch, is_over};
use crate::run::trained::Trained;
use crate::train::recipe::Settings;
use crate::train::{ExtraImages, Snapshot, Trainer, TrainingDevice};
use dfdx::prelude::Cpu;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// Trains a new run, and quantizes, exports, checks and reports it.
///
/// # Errors
///
/// Returns a [`CommandError`] if the run fails or is interrupted. Every finished epoch is saved, and
/// [`resume`](super::resume) continues from there.
pub fn run(
    config: RunConfig,
    destination: &Destination,
    session: &Session,
) -> Result<FinalTable, CommandError> {
    let started = Instant::now();
    with_threads(session, || {
        // The folder is created last, so that none is left if the data set or the device cannot be used.
        let prepared = prepare(config, &session.console)?;
        let folder = RunFolder::create(destination)?;
        TrainingRun::begin(prepared, None, folder.path(), session)?.train_and_make_results(started)
    })
}

/// A run that is ready to train in its folder.
pub(super) struct TrainingRun<'a> {
    prepared: Prepared,
    /// The state to continue from. `None` for a new run.
    stopped: Option<Snapshot>,
    folder: &'a Path,
    session: &'a Session,
}

impl<'a> TrainingRun<'a> {
    /// Prints the description of the run, and writes it into the folder.
    pub(super) fn begin(
        prepared: Prepared,
        stopped: Option<Snapshot>,
        folder: &'a Path,
        session: &'a Session,
    ) -> Result<Self, CommandError> {
        let Prepared { run, dataset, .. } = &prepared;
        export::write(folder, CONFIG_FILE, run.to_toml().as_bytes())?;
        let place = folder.display().to_string();
        session.console.print(&banner(run, &place, rayon::current_num_threads()));
        dataset.note.iter().for_each(|note| session.console.print(&format!("note     {note}")));
        Ok(Self { prepared, stopped, folder, session })
    }

    /// Trains to the end of the run, and quantizes, exports, checks and reports it. The total run time is counted from
    /// `started`.
    pub(super) fn train_and_make_results(self, started: Instant) -> Result<FinalTable, CommandError> {
        let (folder, console) = (self.folder, &self.session.console);
        let (trained, dataset) = self.train()?;
        let table = Results::new(&trained, &dataset, folder, console).make()?;
        console.print(&format!("total run time {:.1} s", started.elapsed().as_secs_f64()));
        Ok(table)
    }

    /// Trains to the end of the run. Returns the finished run and the data set.
    pub(super) fn train(mut self) -> Result<(Trained, Dataset), CommandError> {
        let seed = self.prepared.run.training.seed;
        let gpu = self.prepared.run.machine.gpu.unwrap_or(0);
        let last = match self.prepared.run.machine.device {
            DeviceKind::Cpu => self.train_on(Cpu::seed_from_u64(seed))?,
            DeviceKind::Cuda => self.train_on(cuda::open(gpu)?)?,
        };
        let trained = Trained::from_snapshot(self.folder, self.prepared.run, last)?;
        Ok((trained, self.prepared.dataset))
    }

    /// Trains to the end of the run on a device. Returns its last state.
    fn train_on<D: TrainingDevice>(&mut self, device: D) -> Result<Snapshot, CommandError> {
        let stopped = self.stopped.take();
        let Prepared { run, dataset, extra, teachers } = &self.prepared;
        let console = &self.session.console;
        let settings = &Settings { mix: run.mix(), ..run.training.clone() };
        let (train, held_out) = splits(dataset, run.held_out());
        let shares = run.data.extra.iter().map(|source| source.share);
        let extra: Vec<ExtraImages<'_>> =
            extra.iter().zip(shares).map(|(images, share)| ExtraImages { images, share }).collect();
        let generated = Instant::now();
        let mut trainer = Trainer::new(device, settings, train, &extra, held_out)?;
        if settings.mix != Mix::OFF {
            let (count, seconds) = (trainer.generated_images(), generated.elapsed().as_secs_f64());
            console.print(&format!("generated {count} images in {seconds:.1} s"));
        }
        if !teachers.is_empty() {
            trainer.learn_from(teachers)?;
        }
        if let Some(snapshot) = stopped {
            if is_over(settings, &snapshot.history) {
                console.print("note     the training of this run has ended: nothing is trained");
            }
            trainer.restore(snapshot)?;
        } else {
            console.print(&untrained(&trainer.logits_of_first_image()?));
        }
        let mut log = EpochLog::begin(
            self.folder,
            self.session.csv || self.folder.join(CSV_FILE).exists(),
            trainer.history(),
        )?;
        let progress = Progress::new(run, trainer.images_per_epoch(), trainer.history(), console);
        progress.begin();
        while !is_over(settings, trainer.history()) {
            progress.begin_epoch(trainer.history().len() as u32 + 1);
            let ended = trainer.epoch(|images| {
                progress.advance(images);
                if self.session.interrupt.is_requested() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
            if let Some(epoch) = ended.cloned() {
                self.save(&mut trainer)?;
                log.add(&epoch)?;
                progress.end_epoch(trainer.history());
            }
            if self.session.interrupt.is_requested() && !is_over(settings, trainer.history()) {
                progress.finish();
                return Err(self.interrupted(&mut trainer)?);
            }
        }
        progress.finish();
        Ok(trainer.snapshot()?)
    }

    /// Saves the state after an epoch, and also as that of the best epoch if it is.
    fn save<D: TrainingDevice>(&self, trainer: &mut Trainer<'_, D>) -> Result<(), CommandError> {
        let (run, snapshot) = (&self.prepared.run, trainer.snapshot()?);
        let last = snapshot.history.last().map(|epoch| epoch.epoch);
        let best = best_epoch(&run.training, &snapshot.history).map(|epoch| epoch.epoch);
        // First, so that a process that is killed in between trains this epoch again.
        if last == best {
            checkpoint::save(&self.folder.join(checkpoint::BEST_FILE_NAME), run, &snapshot)?;
        }
        Ok(checkpoint::save(&self.folder.join(checkpoint::FILE_NAME), run, &snapshot)?)
    }

    /// Saves the state of an interrupted run. Returns the error that says how to continue.
    fn interrupted<D: TrainingDevice>(
        &self,
        trainer: &mut Trainer<'_, D>,
    ) -> Result<CommandError, CommandError> {
        let snapshot = trainer.snapshot()?;
        checkpoint::save(&self.folder.join(checkpoint::FILE_NAME), &self.prepared.run, &snapshot)?;
        let epochs = snapshot.history.len();
        let when = match snapshot.partial {
            Some(partial) => format!("after step {} of epoch {}", partial.steps, epochs + 1),
            None => format!("after epoch {epochs}"),
        };
        Ok(CommandError::Interrupted { when, folder: self.folder.to_owned() })
    }
}
