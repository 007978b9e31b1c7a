import Orchestrator
import Synchronization

/// What a vendor has written down, as of one moment.
package struct BookEntries: Sendable {
    package internal(set) var calls: [Call] = []
    package internal(set) var inFlight = 0
    /// The most calls that were in flight together.
    package internal(set) var peakInFlight = 0
    /// Final pictures, in the order in which they were made.
    package internal(set) var pictures: [Picture] = []

    /// The calls that ask for pictures.
    package var creates: [Call] { calls.filter(\.isCreate) }
    /// The calls that the vendor refused as malformed.
    package var invalid: [Call] { calls.filter { $0.invalid != nil } }
    package var chargedMicroUSD: Int { calls.reduce(0) { $0 + $1.chargedMicroUSD } }
}

/// A vendor's script and its records; safe from any thread.
package final class VendorBooks: Sendable {
    private struct Watch {
        var condition: @Sendable (BookEntries) -> Bool
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var entries = BookEntries()
        var steps: [Step] = []
        var usual = Step.ok
        var pictureNumber = 0
        var gates: [Gate] = []
        var isClosing = false
        var watches: [Int: Watch] = [:]
        var nextWatch = 0
    }

    private let state = Mutex(State())

    package var entries: BookEntries { state.withLock { $0.entries } }

    /// Sets what the next valid calls meet, in order, and what follows when the list is used up.
    func script(_ steps: [Step], then usual: Step) {
        state.withLock {
            $0.steps = steps
            $0.usual = usual
        }
    }

    /// Forgets calls, pictures and script; calls in flight are forgotten too.
    func reset() {
        state.withLock {
            $0.entries = BookEntries()
            $0.steps = []
            $0.usual = .ok
        }
    }

    /// Opens every gate that a call may rest at, and those of calls to come.
    func openGates() {
        let gates = state.withLock { state in
            state.isClosing = true
            defer { state.gates = [] }
            return state.gates
        }
        gates.forEach { $0.open() }
    }

    /// Suspends until `condition` holds; false when the task is cancelled first, as a test's time limit does.
    package func until(_ condition: @escaping @Sendable (BookEntries) -> Bool) async -> Bool {
        let id = state.withLock { state in
            state.nextWatch += 1
            return state.nextWatch
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state -> Bool? in
                    if condition(state.entries) { return true }
                    if Task.isCancelled { return false }
                    state.watches[id] = Watch(condition: condition, continuation: continuation)
                    return nil
                }
                if let isDone { continuation.resume(returning: isDone) }
            }
        } onCancel: {
            state.withLock { $0.watches.removeValue(forKey: id) }?.continuation.resume(returning: false)
        }
    }

    /// Changes the records, then wakes who waited for it.
    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, woken) = state.withLock { state in
            let value = body(&state)
            let due = state.watches.filter { $0.value.condition(state.entries) }
            due.keys.forEach { state.watches[$0] = nil }
            return (value, due.values.map(\.continuation))
        }
        woken.forEach { $0.resume(returning: true) }
        return value
    }

    // MARK: What the vendor writes

    func begin(_ request: FakeRequest) -> Int {
        change { state in
            let number = state.entries.calls.count
            state.entries.calls.append(Call(number: number, request: request))
            state.entries.inFlight += 1
            state.entries.peakInFlight = max(state.entries.peakInFlight, state.entries.inFlight)
            return number
        }
    }

    func note(_ number: Int, _ body: @Sendable (inout Call) -> Void) {
        change { state in
            // A reset may have forgotten the call.
            guard state.entries.calls.indices.contains(number) else { return }
            body(&state.entries.calls[number])
        }
    }

    func finish(_ number: Int) {
        change { state in
            state.entries.inFlight = max(0, state.entries.inFlight - 1)
            if state.entries.calls.indices.contains(number) { state.entries.calls[number].isFinished = true }
        }
    }

    func charge(_ number: Int, _ microUSD: Int) {
        note(number) { $0.chargedMicroUSD = microUSD }
    }

    /// Takes the next step of the script and rests at its gate.
    func nextStep() -> Step {
        let step = state.withLock { state in
            let step = state.steps.isEmpty ? state.usual : state.steps.removeFirst()
            if let gate = step.gate {
                state.gates.append(gate)
                if state.isClosing { gate.open() }
            }
            return step
        }
        step.gate?.wait()
        return step
    }

    /// Makes the picture that a step asks for; final ones are kept.
    func draw(
        _ format: ImageFormat,
        width: Int,
        height: Int,
        isTransparent: Bool = false,
        by step: Step,
        isFinal: Bool = true
    ) -> [UInt8] {
        let number = state.withLock { state in
            state.pictureNumber += 1
            return state.pictureNumber
        }
        func make(_ format: ImageFormat, _ width: Int, _ height: Int, padding: Int = 0) -> [UInt8] {
            PictureMaker.make(
                format,
                width: width,
                height: height,
                number: number,
                isTransparent: isTransparent && format.canBeTransparent,
                padding: padding
            )
        }
        let bytes: [UInt8]
        switch step.drawing {
        case .asAsked: bytes = make(format, width, height)
        case .size(let width, let height): bytes = make(format, width, height)
        case .format(let other): bytes = make(other, width, height)
        case .noise: bytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + .pattern(400 + number)
        case .half:
            let whole = make(format, width, height)
            bytes = Array(whole.prefix(whole.count / 2))
        case .bytes(let given): bytes = given
        case .padded(let padding): bytes = make(format, width, height, padding: padding)
        }
        if isFinal { change { $0.entries.pictures.append(Picture(bytes: bytes)) } }
        return bytes
    }
}
