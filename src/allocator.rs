//! The allocator of the module: each block of memory starts where the previous block ends.
//!
//! The host makes an instance of the module for each request, and frees the memory of the instance afterwards. So this
//! allocator can be simple: it can free or resize only the last block. The last block is often a string or a vector
//! that still grows, or a short-lived value. A general allocator takes several times as many instructions for each
//! block.
//!
//! `kwctl bench` calls one instance many times. [`Allocator::reset`] frees all blocks before each call.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::{copy_nonoverlapping, null_mut, with_exposed_provenance_mut};

/// The memory that blocks are taken from. Addresses are numbers, so that the tests of [`Blocks`] need no memory.
pub(crate) trait Memory {
    /// The first address that can be used.
    fn start(&self) -> usize;

    /// Grows the memory to at least `end`. Returns the new end, or `None` if the memory can't grow so far.
    fn grow(&self, end: usize) -> Option<usize>;
}

/// The blocks in use, all below `next`. The memory from `next` up to `end` is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blocks {
    next: usize,
    end: usize,
}

impl Blocks {
    /// No blocks. The start and the end of the memory are not known yet.
    const NONE: Self = Self { next: 0, end: 0 };

    /// Adds a block and returns its address, or `None` if the memory can't grow so far.
    fn add(&mut self, layout: Layout, memory: &impl Memory) -> Option<usize> {
        // The alignment is a power of two.
        let mask = layout.align().wrapping_sub(1);
        let start = self.next.checked_add(mask)? & !mask;
        let next = start.checked_add(layout.size())?;
        if next > self.end {
            return self.add_to_grown(layout, memory);
        }
        self.next = next;
        Some(start)
    }

    #[cold]
    #[inline(never)]
    fn add_to_grown(&mut self, layout: Layout, memory: &impl Memory) -> Option<usize> {
        if self.next == 0 {
            self.next = memory.start();
        }
        let start = self.next.checked_next_multiple_of(layout.align())?;
        let next = start.checked_add(layout.size())?;
        self.end = memory.grow(next)?;
        self.next = next;
        Some(start)
    }

    /// Frees a block if it is the last block. Otherwise does nothing.
    fn remove(&mut self, start: usize, size: usize) {
        if self.is_last(start, size) {
            self.next = start;
        }
    }

    /// Resizes a block in place. Returns whether that was possible.
    fn resize(&mut self, start: usize, size: usize, new_size: usize, memory: &impl Memory) -> bool {
        if !self.is_last(start, size) {
            return new_size <= size;
        }
        let Some(next) = start.checked_add(new_size) else { return false };
        if next > self.end {
            let Some(end) = memory.grow(next) else { return false };
            self.end = end;
        }
        self.next = next;
        true
    }

    fn is_last(&self, start: usize, size: usize) -> bool {
        start.wrapping_add(size) == self.next
    }
}

/// Hands out blocks of a memory.
#[derive(Debug)]
pub(crate) struct Allocator<M> {
    blocks: Cell<Blocks>,
    memory: M,
}

impl<M: Memory> Allocator<M> {
    const fn new(memory: M) -> Self {
        Self { blocks: Cell::new(Blocks::NONE), memory }
    }

    /// Frees all blocks.
    ///
    /// # Safety
    /// The caller must not use any earlier block after this call, because the allocator hands out the memory again.
    pub(crate) unsafe fn reset(&self) {
        self.blocks.set(Blocks::NONE);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Blocks, &M) -> T) -> T {
        let mut blocks = self.blocks.get();
        let result = change(&mut blocks, &self.memory);
        self.blocks.set(blocks);
        result
    }
}

// SAFETY: `Blocks` hands out blocks that do not overlap, each at a multiple of its alignment and inside the memory.
unsafe impl<M: Memory> GlobalAlloc for Allocator<M> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.change(|blocks, memory| blocks.add(layout, memory)).map_or(null_mut(), with_exposed_provenance_mut)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.change(|blocks, _| blocks.remove(block.addr(), layout.size()));
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if self.change(|blocks, memory| blocks.resize(block.addr(), layout.size(), new_size, memory)) {
            return block;
        }
        // SAFETY: the caller guarantees that the new size is valid with this alignment.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !new.is_null() {
            // SAFETY: the blocks do not overlap, and both have at least the old size: `resize` has failed, so the new
            // size is larger.
            unsafe { copy_nonoverlapping(block, new, layout.size()) };
        }
        new
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use instance::ALLOCATOR;

#[cfg(target_arch = "wasm32")]
mod instance {
    use core::arch::wasm32::{memory_grow, memory_size};

    use super::{Allocator, Memory};

    /// The unit in which the memory grows, in bytes.
    const PAGE: usize = 1 << 16;

    unsafe extern "C" {
        /// The linker places this symbol after the stack and the static data.
        static __heap_base: u8;
    }

    /// The memory of the instance. Only the allocator grows the memory, and only the allocator uses the memory from
    /// `__heap_base` on.
    pub(crate) struct Instance;

    impl Memory for Instance {
        fn start(&self) -> usize {
            (&raw const __heap_base).addr()
        }

        fn grow(&self, end: usize) -> Option<usize> {
            let (pages, needed) = (memory_size::<0>(), end.div_ceil(PAGE));
            let missing = needed.saturating_sub(pages);
            if missing > 0 && memory_grow::<0>(missing) == usize::MAX {
                return None;
            }
            needed.max(pages).checked_mul(PAGE)
        }
    }

    // SAFETY: the module has no threads.
    unsafe impl Sync for Allocator<Instance> {}

    #[global_allocator]
    pub(crate) static ALLOCATOR: Allocator<Instance> = Allocator::new(Instance);
}

#[cfg(test)]
mod tests {
    use std::alloc::{System, handle_alloc_error};

    use super::*;

    const START: usize = 1000;

    /// A memory that can grow to `limit`, in pages of 100 bytes.
    struct Pages {
        limit: usize,
        grown: Cell<usize>,
    }

    impl Memory for Pages {
        fn start(&self) -> usize {
            START
        }

        fn grow(&self, end: usize) -> Option<usize> {
            let end = end.next_multiple_of(100);
            (end <= self.limit).then(|| {
                self.grown.set(self.grown.get().saturating_add(1));
                end
            })
        }
    }

    fn pages(limit: usize) -> Pages {
        Pages { limit, grown: Cell::new(0) }
    }

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    #[test]
    fn places_each_block_after_the_previous_block_and_aligns_it() {
        let (mut blocks, memory) = (Blocks::NONE, pages(10_000));

        assert_eq!(blocks.add(layout(3, 1), &memory), Some(1000));
        assert_eq!(blocks.add(layout(8, 8), &memory), Some(1008));
        assert_eq!(blocks.add(layout(1, 1), &memory), Some(1016));
        assert_eq!(blocks.add(layout(64, 64), &memory), Some(1024));
        assert_eq!(blocks, Blocks { next: 1088, end: 1100 });
        assert_eq!(memory.grown.get(), 1);
    }

    #[test]
    fn grows_the_memory_as_far_as_the_block_needs() {
        let (mut blocks, memory) = (Blocks::NONE, pages(10_000));

        assert_eq!(blocks.add(layout(750, 1), &memory), Some(1000));
        assert_eq!(blocks.end, 1800);
        // The start of the block is aligned before the memory grows.
        assert_eq!(blocks.add(layout(41, 32), &memory), Some(1760));
        assert_eq!(blocks, Blocks { next: 1801, end: 1900 });
    }

    #[test]
    fn changes_nothing_if_the_memory_is_exhausted() {
        let memory = pages(2000);
        let mut blocks = Blocks::NONE;
        let first = blocks.add(layout(900, 1), &memory).unwrap();
        let before = blocks;

        assert_eq!(blocks.add(layout(200, 1), &memory), None);
        assert_eq!(blocks.add(layout(isize::MAX as usize, 1), &memory), None);
        assert!(!blocks.resize(first, 900, 1001, &memory));
        assert!(!blocks.resize(first, 900, usize::MAX, &memory));

        assert_eq!(blocks, before);
        assert_eq!(blocks.add(layout(100, 1), &memory), Some(1900));
    }

    #[test]
    fn fails_if_a_block_exceeds_the_address_space() {
        let mut blocks = Blocks { next: usize::MAX - 3, end: usize::MAX };
        let memory = pages(usize::MAX);

        assert_eq!(blocks.add(layout(1, 8), &memory), None);
        assert_eq!(blocks.add(layout(4, 1), &memory), None);
        assert_eq!(blocks.add(layout(3, 1), &memory), Some(usize::MAX - 3));
    }

    #[test]
    fn frees_only_the_last_block() {
        let (mut blocks, memory) = (Blocks::NONE, pages(10_000));
        let first = blocks.add(layout(10, 1), &memory).unwrap();
        let second = blocks.add(layout(10, 1), &memory).unwrap();

        blocks.remove(first, 10);
        assert_eq!(blocks.next, 1020);
        blocks.remove(second, 10);
        assert_eq!(blocks.next, 1010);
        blocks.remove(first, 10);
        assert_eq!(blocks.next, START);
    }

    #[test]
    fn resizes_the_last_block_in_place() {
        let (mut blocks, memory) = (Blocks::NONE, pages(10_000));
        let block = blocks.add(layout(10, 1), &memory).unwrap();

        assert!(blocks.resize(block, 10, 5000, &memory));
        assert_eq!(blocks, Blocks { next: 6000, end: 6000 });
        assert!(blocks.resize(block, 5000, 20, &memory));
        assert_eq!(blocks.next, 1020);
    }

    #[test]
    fn only_shrinks_a_block_that_is_not_the_last() {
        let (mut blocks, memory) = (Blocks::NONE, pages(10_000));
        let first = blocks.add(layout(10, 1), &memory).unwrap();
        blocks.add(layout(10, 1), &memory).unwrap();

        assert!(!blocks.resize(first, 10, 11, &memory));
        assert!(blocks.resize(first, 10, 5, &memory));
        assert_eq!(blocks.next, 1020);
    }

    /// A memory of `LENGTH` bytes.
    struct Heap {
        start: *mut u8,
    }

    const LENGTH: usize = 1 << 10;

    const WHOLE: Layout = Layout::new::<[u64; LENGTH / 8]>();

    impl Heap {
        fn new() -> Self {
            // SAFETY: the layout is not empty.
            let start = unsafe { System.alloc(WHOLE) };
            if start.is_null() {
                handle_alloc_error(WHOLE);
            }
            Self { start }
        }
    }

    impl Drop for Heap {
        fn drop(&mut self) {
            // SAFETY: `new` has allocated the memory with this layout.
            unsafe { System.dealloc(self.start, WHOLE) };
        }
    }

    impl Memory for Heap {
        fn start(&self) -> usize {
            self.start.expose_provenance()
        }

        fn grow(&self, end: usize) -> Option<usize> {
            (end.saturating_sub(self.start()) <= LENGTH).then_some(end)
        }
    }

    /// A block of [`Heap`], filled with one byte.
    struct Filled<'a> {
        allocator: &'a Allocator<Heap>,
        start: *mut u8,
        layout: Layout,
        byte: u8,
    }

    impl<'a> Filled<'a> {
        fn new(allocator: &'a Allocator<Heap>, layout: Layout, byte: u8) -> Option<Self> {
            // SAFETY: the layouts of these tests are not empty.
            let start = unsafe { allocator.alloc(layout) };
            (!start.is_null()).then(|| {
                assert!(start.addr().is_multiple_of(layout.align()));
                // SAFETY: the block has this size.
                unsafe { start.write_bytes(byte, layout.size()) };
                Self { allocator, start, layout, byte }
            })
        }

        fn bytes(&self) -> &[u8] {
            // SAFETY: `new` and `resize` have written all bytes of the block.
            unsafe { std::slice::from_raw_parts(self.start, self.layout.size()) }
        }

        /// Resizes the block. Returns whether there was room.
        fn resize(&mut self, new_size: usize) -> bool {
            // SAFETY: the block has this layout, and the new size is not 0.
            let start = unsafe { self.allocator.realloc(self.start, self.layout, new_size) };
            if start.is_null() {
                return false;
            }
            let kept = self.layout.size().min(new_size);
            self.start = start;
            self.layout = Layout::from_size_align(new_size, self.layout.align()).unwrap();
            // SAFETY: the block has the new size, of which `kept` bytes are copied.
            unsafe { start.add(kept).write_bytes(self.byte, new_size.saturating_sub(kept)) };
            true
        }

        fn free(self) {
            // SAFETY: the block has this layout, and is not used again.
            unsafe { self.allocator.dealloc(self.start, self.layout) };
        }
    }

    /// Adds, resizes and frees blocks in a random order, until the memory is full several times. `make miri` also
    /// checks each access.
    #[test]
    fn keeps_the_bytes_of_each_block() {
        let allocator = Allocator::new(Heap::new());
        let (mut blocks, mut full): (Vec<Filled<'_>>, u32) = (Vec::new(), 0);
        let mut random = 1_u32;
        for byte in (0..=u8::MAX).cycle().take(600) {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (choice, size) = (random >> 30, usize::try_from(random >> 16).unwrap() % 60 + 1);
            let has_room = match blocks.pop() {
                Some(mut last) if choice == 0 => {
                    let has_room = last.resize(size);
                    blocks.push(last);
                    has_room
                }
                Some(last) if choice == 1 => {
                    last.free();
                    true
                }
                last => {
                    blocks.extend(last);
                    let middle = blocks.len() / 2;
                    let grown = blocks.get_mut(middle).is_none_or(|block| choice != 2 || block.resize(size));
                    let added = Filled::new(&allocator, layout(size, 1 << (random >> 28 & 3)), byte);
                    let is_added = added.is_some();
                    blocks.extend(added);
                    grown && is_added
                }
            };
            for block in &blocks {
                assert!(block.bytes().iter().all(|byte| *byte == block.byte), "a block has bytes of another one");
            }
            if !has_room {
                full += 1;
                blocks.clear();
                // SAFETY: no block is used any more.
                unsafe { allocator.reset() };
            }
        }
        assert!(full > 5, "the memory was full {full} times");
    }
}
