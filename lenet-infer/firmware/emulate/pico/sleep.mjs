// Sleep as a Cortex-M0+ has it, where rp2040js differs.

/** With PRIMASK set, a pending interrupt ends a WFI, and no handler runs. rp2040js would run it. */
export function sleepWithInterruptsMasked(core) {
  const check = core.checkForInterrupts.bind(core);
  core.checkForInterrupts = () =>
    core.waiting && core.PM ? (core.pendingInterrupts & core.enabledInterrupts) !== 0 : check();
}
