import Foundation

/// Libraries that are loaded into the daemon in front of all others.
enum Preload {
    /// A sanitizer wants to be the first library of a process: the daemon's is the one that this program was built with.
    static let isPossible = !["__tsan_init", "__asan_init"].contains { (name: String) in unsafe dlsym(nil, name) != nil
    }
}
