import Fuzzing
import Glibc

/// Runs libFuzzer, whose options these are, on the target that is named first: `fuzz multipart CORPUS -runs=1000000`.
@_extern(c, "LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What each input is given to.
nonisolated(unsafe) private var target = FuzzTarget.base64  // chosen before the first input; the fuzzer has one thread

// For a merge libFuzzer starts this program again, with its own options alone: the target is then in the environment.
let variable = "FUZZ_TARGET"
var words = CommandLine.arguments
if words.count > 1, FuzzTarget(rawValue: words[1]) != nil {
    unsafe setenv(variable, words.remove(at: 1), 1)
}
let name = unsafe getenv(variable).map { unsafe String(cString: $0) } ?? ""
guard let named = FuzzTarget(rawValue: name) else {
    print("usage: fuzz TARGET [CORPUS…] [libFuzzer options]; targets: \(FuzzTarget.allCases.map(\.rawValue))")
    exit(2)
}
unsafe target = named

// What libFuzzer keeps must stay where it is to the end of the process.
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
