import Fuzzing
import Glibc

/// Runs libFuzzer, whose options these are, on the target that is named first: `fuzz multipart CORPUS -runs=1000000`.
@_extern(c, "LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Chosen before the first input; the fuzzer has one thread.
nonisolated(unsafe) private var target = FuzzTarget.base64

guard CommandLine.arguments.count > 1, let named = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    print("usage: fuzz TARGET [CORPUS…] [libFuzzer options]; targets: \(FuzzTarget.allCases.map(\.rawValue))")
    exit(2)
}
unsafe target = named

// What libFuzzer keeps must stay where it is to the end of the process.
let words = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
var count = CInt(words.count)
let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
for (index, word) in words.enumerated() { unsafe list[index] = strdup(word) }
unsafe list[words.count] = nil
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe list
exit(
    unsafe runDriver(&count, &arguments) { bytes, length in
        unsafe target.run(Array(UnsafeBufferPointer(start: bytes, count: length)))
        return 0
    }
)
