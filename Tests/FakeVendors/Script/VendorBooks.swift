import Orchestrator

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
    private struct Script {
        var steps: [Step] = []
        var usual = Step.ok
        var pictureNumber = 0
        var gates: [Gate] = []
        var isClosing = false
    }

    private let script = Lock(Script())
    private let records = Watched(BookEntries())

    package var entries: BookEntries { records.value }

    /// Sets what the next valid calls meet, in order, and what follows when the list is used up.
    package func script(_ steps: [Step], then usual: Step) {
        script.withLock {
            $0.steps = steps
            $0.usual = usual
        }
    }

    /// Forgets calls, pictures and script; calls in flight are forgotten too.
    func reset() {
        script([], then: .ok)
        records.change { $0 = BookEntries() }
    }

    /// Opens every gate that a call may rest at, and those of calls to come.
    package func openGates() {
        let gates = script.withLock { script in
            script.isClosing = true
            defer { script.gates = [] }
            return script.gates
        }
        gates.forEach { $0.open() }
    }

    /// Suspends until `condition` holds; see ``Watched/until(_:)``.
    package func until(_ condition: @escaping @Sendable (BookEntries) -> Bool) async -> Bool {
        await records.until(condition)
    }

    // MARK: What the vendor writes

    func begin(_ request: FakeRequest) -> Int {
        records.change { entries in
            let number = entries.calls.count
            entries.calls.append(Call(number: number, request: request))
            entries.inFlight += 1
            entries.peakInFlight = max(entries.peakInFlight, entries.inFlight)
            return number
        }
    }

    func note(_ number: Int, _ body: @Sendable (inout Call) -> Void) {
        records.change { entries in
            // A reset may have forgotten the call.
            guard entries.calls.indices.contains(number) else { return }
            body(&entries.calls[number])
        }
    }

    func finish(_ number: Int) {
        records.change { entries in
            entries.inFlight = max(0, entries.inFlight - 1)
            if entries.calls.indices.contains(number) { entries.calls[number].isFinished = true }
        }
    }

    func charge(_ number: Int, _ microUSD: Int) {
        note(number) { $0.chargedMicroUSD = microUSD }
    }

    /// Takes the next step of the script and rests at its gate.
    func nextStep() -> Step {
        let step = script.withLock { script in
            let step = script.steps.isEmpty ? script.usual : script.steps.removeFirst()
            if let gate = step.gate {
                script.gates.append(gate)
                if script.isClosing { gate.open() }
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
        let number = script.withLock { script in
            script.pictureNumber += 1
            return script.pictureNumber
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
        if isFinal { records.change { $0.pictures.append(Picture(bytes: bytes)) } }
        return bytes
    }
}
