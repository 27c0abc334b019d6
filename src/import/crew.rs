//! Reading on several threads, and handing on in order.
//!
//! Readers take the next items, one after another; whoever writes gets what they read in the order of the items, so it is
//! the same at any number of threads. Readers wait when what they have read ahead takes too much memory.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Items that a reader takes at once: waking somebody costs as much as reading a small item does.
const CHUNK_ITEMS: usize = 8;

/// The chunks that readers are ahead of the writer at most.
const CHUNKS_AHEAD: usize = 128;

/// What the items read ahead may take in memory, in bytes, before readers wait. Each reader can exceed it by one chunk.
const SIZE_AHEAD_MAX: usize = 16 * 1024 * 1024;

/// Reads items on `threads` threads, and hands what came of them to `take`, in their order and on this thread.
///
/// # Errors
///
/// The first of `take`; then nothing more is read.
pub(super) fn read_in_order<T: Sync, R: Send, E>(
    items: &[T],
    threads: usize,
    read: impl Fn(&T) -> R + Sync,
    size: impl Fn(&R) -> usize + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let chunks: Vec<&[T]> = items.chunks(CHUNK_ITEMS).collect();
    let desk = Desk { state: Mutex::new(State::default()), read_ahead: Condvar::new(), taken: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, chunks.len().max(1)) {
            scope.spawn(|| {
                let _stop = Stop { desk: &desk, by_panic_alone: true };
                while let Some(number) = desk.claim(chunks.len()) {
                    let done: Vec<R> = chunks[number].iter().map(&read).collect();
                    let size = done.iter().map(&size).sum();
                    desk.put(number, done, size);
                }
            });
        }
        let _stop = Stop { desk: &desk, by_panic_alone: false };
        for _ in &chunks {
            let Some(done) = desk.next() else { break };
            done.into_iter().try_for_each(&mut take)?;
        }
        Ok(())
    })
}

/// Between readers and writer.
struct Desk<R> {
    state: Mutex<State<R>>,
    /// The writer's next chunk is there.
    read_ahead: Condvar,
    /// The writer has taken a chunk.
    taken: Condvar,
}

struct State<R> {
    /// The next chunk to be read.
    claimed: usize,
    /// The next chunk to be taken.
    next: usize,
    /// Chunks from `next` on: those that were read, with their sizes, and gaps for those that are being read.
    ahead: VecDeque<Option<(Vec<R>, usize)>>,
    size: usize,
    /// Whether nothing more is to come: the writer has all or has failed, or a reader has.
    is_over: bool,
}

impl<R> Default for State<R> {
    fn default() -> Self {
        Self { claimed: 0, next: 0, ahead: VecDeque::new(), size: 0, is_over: false }
    }
}

impl<R> Desk<R> {
    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room, and says which chunk is to be read next.
    fn claim(&self, chunks: usize) -> Option<usize> {
        let is_full = |state: &mut State<R>| {
            // Somebody has to read what the writer waits for.
            let is_ahead = state.claimed > state.next;
            let is_far = state.claimed - state.next >= CHUNKS_AHEAD || state.size > SIZE_AHEAD_MAX;
            !state.is_over && state.claimed < chunks && is_ahead && is_far
        };
        let state = self.taken.wait_while(self.state(), is_full);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.is_over || state.claimed >= chunks {
            return None;
        }
        state.claimed += 1;
        state.ahead.push_back(None);
        Some(state.claimed - 1)
    }

    fn put(&self, number: usize, done: Vec<R>, size: usize) {
        let mut state = self.state();
        let place = number - state.next;
        state.size += size;
        if let Some(gap) = state.ahead.get_mut(place) {
            *gap = Some((done, size));
        }
        if place == 0 {
            self.read_ahead.notify_one();
        }
    }

    /// Waits for the next chunk; none if there won't be any.
    fn next(&self) -> Option<Vec<R>> {
        let is_missing = |state: &mut State<R>| !state.is_over && !matches!(state.ahead.front(), Some(Some(_)));
        let state = self.read_ahead.wait_while(self.state(), is_missing);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let (done, size) = state.ahead.pop_front().flatten()?;
        state.next += 1;
        state.size -= size;
        self.taken.notify_all();
        Some(done)
    }
}

/// Ends the work when its thread ends: the writer's in any case, a reader's if it panics.
struct Stop<'a, R> {
    desk: &'a Desk<R>,
    by_panic_alone: bool,
}

impl<R> Drop for Stop<'_, R> {
    fn drop(&mut self) {
        if !self.by_panic_alone || std::thread::panicking() {
            self.desk.state().is_over = true;
            self.desk.read_ahead.notify_all();
            self.desk.taken.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn items_come_in_order_at_any_number_of_threads() {
        for threads in [0, 1, 2, 8] {
            for count in [0, 1, CHUNK_ITEMS, 5 * CHUNK_ITEMS + 1, 3 * CHUNK_ITEMS * CHUNKS_AHEAD] {
                let items: Vec<usize> = (0..count).collect();
                let mut taken = Vec::new();
                let done: Result<(), ()> = read_in_order(
                    &items,
                    threads,
                    |item| item * 2,
                    |_| 1,
                    |item| {
                        taken.push(item);
                        Ok(())
                    },
                );
                assert_eq!(done, Ok(()));
                assert!(taken.into_iter().eq(items.iter().map(|item| item * 2)), "{threads} threads, {count} items");
            }
        }
    }

    #[test]
    fn readers_wait_where_memory_is_full() {
        let items: Vec<usize> = (0..50 * CHUNK_ITEMS).collect();
        let read = AtomicUsize::new(0);
        let (mut taken, mut most) = (0, 0);
        let threads = 3;
        let done: Result<(), ()> = read_in_order(
            &items,
            threads,
            |_| read.fetch_add(1, Ordering::SeqCst),
            |_| SIZE_AHEAD_MAX,
            |_| {
                taken += 1;
                // Time for whoever would read on.
                std::thread::yield_now();
                most = most.max(read.load(Ordering::SeqCst) - taken);
                Ok(())
            },
        );
        assert_eq!((done, taken), (Ok(()), items.len()));
        // What is being taken, one chunk that filled the memory, and one that each reader had begun.
        assert!(most <= (2 + threads) * CHUNK_ITEMS, "{most} items were read ahead");
    }

    #[test]
    fn nothing_is_read_after_an_error() {
        let items: Vec<usize> = (0..10 * CHUNK_ITEMS * CHUNKS_AHEAD).collect();
        let read = AtomicUsize::new(0);
        let done = read_in_order(&items, 2, |_| read.fetch_add(1, Ordering::SeqCst), |_| 1, |_| Err("full"));
        assert_eq!(done, Err("full"));
        assert!(read.into_inner() < items.len());
    }

    #[test]
    #[should_panic(expected = "scoped thread panicked")]
    fn a_panic_of_a_reader_is_no_silence() {
        let items: Vec<usize> = (0..10 * CHUNK_ITEMS).collect();
        let read = |item: &usize| assert!(*item != 3 * CHUNK_ITEMS, "on purpose");
        let _: Result<(), ()> = read_in_order(&items, 2, read, |()| 1, |()| Ok(()));
    }
}
