/// Names one scheduled timer; a token of a timer that fired or was cancelled is harmless.
package struct TimerToken: Sendable, Hashable {
    fileprivate let slot: Int32
    fileprivate let generation: UInt32

    fileprivate init(slot: Int32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// The token as one number, for those who must not know its type.
    var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: slot)) }

    init(rawValue: UInt64) {
        slot = Int32(truncatingIfNeeded: rawValue)
        generation = UInt32(truncatingIfNeeded: rawValue >> 32)
    }
}

/// Actions ordered by deadline: a binary heap over reusable slots, so that adding and cancelling are O(log n).
struct TimerQueue {
    private struct Entry {
        let deadline: UInt64  // nanoseconds of the monotonic clock
        let order: UInt64  // equal deadlines fire in the order they were added
        let slot: Int32

        static func < (left: Entry, right: Entry) -> Bool {
            left.deadline != right.deadline ? left.deadline < right.deadline : left.order < right.order
        }
    }

    private struct Slot {
        var generation: UInt32 = 0
        var position: Int32 = -1  // in `heap`; -1 when the slot is free
        var action: (() -> Void)?
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var added: UInt64 = 0

    var count: Int { heap.count }

    /// The earliest deadline, in nanoseconds of the monotonic clock.
    var next: UInt64? { heap.first?.deadline }

    mutating func add(deadline: UInt64, _ action: @escaping () -> Void) -> TimerToken {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = Int32(slots.count)
            slots.append(Slot())
        }
        added += 1
        slots[Int(slot)].action = action
        heap.append(Entry(deadline: deadline, order: added, slot: slot))
        slots[Int(slot)].position = Int32(heap.count - 1)
        siftUp(heap.count - 1)
        return TimerToken(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Removes a timer; false when it has fired or was cancelled before.
    @discardableResult
    mutating func cancel(_ token: TimerToken) -> Bool {
        let slot = Int(token.slot)
        guard slot < slots.count, slots[slot].generation == token.generation, slots[slot].position >= 0 else {
            return false
        }
        remove(at: Int(slots[slot].position))
        return true
    }

    /// Takes the earliest action whose deadline is not after `now`.
    mutating func takeDue(now: UInt64) -> (() -> Void)? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        let action = slots[Int(first.slot)].action
        remove(at: 0)
        return action
    }

    private mutating func remove(at index: Int) {
        let slot = Int(heap[index].slot)
        slots[slot].action = nil
        slots[slot].position = -1
        slots[slot].generation &+= 1
        free.append(Int32(slot))
        let last = heap.removeLast()
        guard index < heap.count else { return }
        place(last, at: index)
        siftDown(index)
        siftUp(index)
    }

    private mutating func place(_ entry: Entry, at index: Int) {
        heap[index] = entry
        slots[Int(entry.slot)].position = Int32(index)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        let entry = heap[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard entry < heap[parent] else { break }
            place(heap[parent], at: index)
            index = parent
        }
        place(entry, at: index)
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        let entry = heap[index]
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < entry else { break }
            place(heap[child], at: index)
            index = child
        }
        place(entry, at: index)
    }
}
