/// Carries one value from the thread that comes by it to the task that waits for it.
///
/// The value crosses under a lock: resuming a continuation is an order that the thread sanitizer does not see, as the
/// runtime is not instrumented, and it would take whatever the value refers to for shared without protection.
package struct Handover<Value: Sendable>: Sendable {
    private let value: Lock<Value?>
    private let continuation: CheckedContinuation<Void, Never>

    /// Waits for the value that somebody delivers, once, to what `begin` is given.
    package static func wait(_ begin: (Handover) -> Void) async -> Value {
        let value = Lock<Value?>(nil)
        await withCheckedContinuation { begin(Handover(value: value, continuation: $0)) }
        guard let delivered = value.withLock({ $0 }) else { preconditionFailure("resumed with nothing delivered") }
        return delivered
    }

    package func deliver(_ value: Value) {
        self.value.withLock { $0 = value }
        continuation.resume()
    }
}
