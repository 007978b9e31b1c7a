/// A value kept on the heap, and copied when one of several holders changes it.
///
/// For large values that are handed on far more often than changed. A copy is one reference, where a plain struct would
/// copy every field, retain every string in it, and take its whole size in the frame of each function that waits: a request
/// that waited for its vendor once took 100 KiB of such frames.
struct CopyOnWrite<Value: Sendable>: Sendable {
    private final class Box: @unchecked Sendable {  // changed only while it has a single holder
        // The holder is a struct, whose accesses the compiler checks already.
        @exclusivity(unchecked) var value: Value

        init(_ value: Value) { unsafe self.value = value }
    }

    private var box: Box

    init(_ value: Value) { box = Box(value) }

    var value: Value {
        _read { yield unsafe box.value }
        _modify {
            if !isKnownUniquelyReferenced(&box) { box = unsafe Box(box.value) }
            yield unsafe &box.value
        }
    }
}
