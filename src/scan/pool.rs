//! Spreads blocks over worker threads and hands back the results in the order of the blocks.
//!
//! Workers take turns at the source: who is free claims the next block, gives up the source, and works. A plain file
//! only marks out where the block is, and the workers read at the same time; of a pipe or a compressed file the claim
//! reads the block, beside the other workers' scanning. As many buffers exist as workers. A worker that is far ahead
//! of the oldest unfinished block waits, so that results do not pile up.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::block::Block;

/// Where blocks come from.
pub trait Blocks: Send {
    /// Fills `block` with the next lines, or marks out where [`Block::read`] finds them; false when there are none,
    /// and then always.
    fn claim(&mut self, block: &mut Block) -> bool;

    /// Fills `block` with the next lines; false when there are none, and then always.
    fn next_into(&mut self, block: &mut Block) -> bool {
        let is_claimed = self.claim(block);
        if is_claimed {
            block.read();
        }
        is_claimed
    }

    /// Returns whether somebody may be waiting for each block: its result is then handed out at once.
    fn is_live(&self) -> bool {
        false
    }

    /// Returns whether it ends by itself when reading is stopped from outside, behind what was there by then.
    fn hands_over(&self) -> bool {
        false
    }

    /// Returns what ends a wait for the next block when it is set; nothing where no wait is long.
    fn halt(&self) -> Option<Arc<AtomicBool>> {
        None
    }
}

impl<B: Blocks + ?Sized> Blocks for &mut B {
    fn claim(&mut self, block: &mut Block) -> bool {
        (**self).claim(block)
    }

    fn is_live(&self) -> bool {
        (**self).is_live()
    }

    fn hands_over(&self) -> bool {
        (**self).hands_over()
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        (**self).halt()
    }
}

/// Runs a worker over every block and calls `merge` with the results, in the blocks' order.
///
/// `make_worker` makes one worker for each thread, in that thread. With one thread everything happens in the
/// caller's. A `Break` from `merge` ends the run; blocks that are being worked on are finished and dropped. A panic
/// in a worker or in the source is passed on.
pub fn run<B, T, W>(
    blocks: &mut B,
    threads: usize,
    make_worker: impl Fn() -> W + Sync,
    mut merge: impl FnMut(T) -> ControlFlow<()>,
) where
    B: Blocks,
    T: Send,
    W: FnMut(&Block) -> T,
{
    if threads <= 1 {
        return run_here(blocks, make_worker(), merge);
    }
    let shared = Shared::new(blocks, threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&shared, make_worker()));
        }
        let _stop = StopOnDrop(&shared);
        while let Some(result) = shared.next_result() {
            if merge(result).is_break() {
                break;
            }
        }
    });
}

fn run_here<B: Blocks, T>(
    blocks: &mut B,
    mut worker: impl FnMut(&Block) -> T,
    mut merge: impl FnMut(T) -> ControlFlow<()>,
) {
    let mut block = Block::default();
    while blocks.next_into(&mut block) {
        if merge(worker(&block)).is_break() {
            break;
        }
    }
}

fn work<B: Blocks, T>(shared: &Shared<'_, B, T>, mut worker: impl FnMut(&Block) -> T) {
    // Also on a panic: nobody may wait for a result that never comes.
    let _stop = StopUnlessEnded(shared);
    let mut block = Block::default();
    while let Some(turn) = shared.take(&mut block) {
        block.read();
        let result = worker(&block);
        shared.put(turn, result);
    }
}

struct Shared<'b, B, T> {
    input: Mutex<Input<'b, B>>,
    output: Mutex<Output<T>>,
    /// A result came, or there will be none.
    ready: Condvar,
    /// A result was taken, so that one more block may be claimed.
    room: Condvar,
    window: u64,
    /// Ends the wait of a worker that claims a block.
    halt: Option<Arc<AtomicBool>>,
    /// How many results are handed out together: waking the caller for each block costs as much as reading one.
    batch: usize,
}

struct Input<'b, B> {
    blocks: &'b mut B,
    claimed: u64,
    ended: bool,
}

struct Output<T> {
    done: BTreeMap<u64, T>,
    merged: u64,
    /// How many blocks there are, once that is known.
    total: Option<u64>,
    stopped: bool,
}

impl<'b, B: Blocks, T> Shared<'b, B, T> {
    fn new(blocks: &'b mut B, threads: usize) -> Self {
        let batch = if blocks.is_live() { 1 } else { threads * 4 };
        Self {
            batch,
            halt: blocks.halt(),
            input: Mutex::new(Input {
                blocks,
                claimed: 0,
                ended: false,
            }),
            output: Mutex::new(Output {
                done: BTreeMap::new(),
                merged: 0,
                total: None,
                stopped: false,
            }),
            ready: Condvar::new(),
            room: Condvar::new(),
            window: threads as u64 * 8,
        }
    }

    /// Claims the next block; its turn in the order, or nothing when there is no more to do.
    fn take(&self, block: &mut Block) -> Option<u64> {
        let mut input = lock(&self.input);
        let turn = input.claimed;
        if input.ended || !self.wait_for_room(turn) {
            return None;
        }
        if input.blocks.claim(block) {
            input.claimed += 1;
            return Some(turn);
        }
        input.ended = true;
        lock(&self.output).total = Some(turn);
        self.ready.notify_all();
        None
    }

    /// Waits until the block with this turn may be claimed; false when the run was stopped.
    fn wait_for_room(&self, turn: u64) -> bool {
        let mut output = lock(&self.output);
        while !output.stopped && turn - output.merged >= self.window {
            output = self
                .room
                .wait(output)
                .unwrap_or_else(PoisonError::into_inner);
        }
        !output.stopped
    }

    fn put(&self, turn: u64, result: T) {
        let mut output = lock(&self.output);
        output.done.insert(turn, result);
        let is_due = output.total.is_some() || output.done.len() >= self.batch;
        if is_due && output.done.contains_key(&output.merged) {
            self.ready.notify_all();
        }
    }

    /// Waits for the result that is next in order; nothing when all were handed out or the run was stopped.
    fn next_result(&self) -> Option<T> {
        let mut output = lock(&self.output);
        loop {
            let turn = output.merged;
            if let Some(result) = output.done.remove(&turn) {
                output.merged += 1;
                self.room.notify_all();
                return Some(result);
            }
            if output.stopped || output.total == Some(turn) {
                return None;
            }
            output = self
                .ready
                .wait(output)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn stop(&self) {
        lock(&self.output).stopped = true;
        if let Some(halt) = &self.halt {
            halt.store(true, Ordering::Relaxed);
        }
        self.ready.notify_all();
        self.room.notify_all();
    }
}

/// A lock that a panicking thread held is taken all the same: the panic itself is passed on by the scope.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the workers when the caller leaves, by a break or by a panic in `merge`.
struct StopOnDrop<'s, 'b, B: Blocks, T>(&'s Shared<'b, B, T>);

impl<B: Blocks, T> Drop for StopOnDrop<'_, '_, B, T> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Ends the run when a worker's thread panics.
struct StopUnlessEnded<'s, 'b, B: Blocks, T>(&'s Shared<'b, B, T>);

impl<B: Blocks, T> Drop for StopUnlessEnded<'_, '_, B, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbers(u32);

    impl Blocks for Numbers {
        fn claim(&mut self, block: &mut Block) -> bool {
            block.index += 1;
            block.set_length(0);
            block.extend(self.0.to_string().as_bytes());
            self.0 -= 1;
            self.0 > 0
        }
    }

    fn number(block: &Block) -> u32 {
        std::str::from_utf8(block.bytes())
            .ok()
            .and_then(|text| text.parse().ok())
            .expect("a number")
    }

    fn collect(threads: usize, until: usize) -> Vec<u32> {
        let mut all = Vec::new();
        run(
            &mut Numbers(1000),
            threads,
            || number,
            |number| {
                all.push(number);
                if all.len() == until {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            },
        );
        all
    }

    #[test]
    fn results_come_in_the_order_of_the_blocks() {
        let expected: Vec<u32> = (2..=1000).rev().collect();
        for threads in [1, 2, 3, 8] {
            assert_eq!(collect(threads, usize::MAX), expected, "{threads} threads");
        }
    }

    #[test]
    fn a_break_ends_the_run() {
        for threads in [1, 4] {
            assert_eq!(collect(threads, 3), [1000, 999, 998]);
        }
    }

    #[test]
    fn a_panic_in_a_worker_is_passed_on() {
        for threads in [1, 2] {
            let caught = std::panic::catch_unwind(|| {
                let worker = |block: &Block| assert!(number(block) != 900, "nine hundred");
                run(
                    &mut Numbers(1000),
                    threads,
                    || worker,
                    |()| ControlFlow::Continue(()),
                );
            });
            assert!(caught.is_err(), "{threads} threads");
        }
    }
}
