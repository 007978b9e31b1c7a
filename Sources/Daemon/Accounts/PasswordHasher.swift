import Orchestrator
import Persistence
import Transport

/// Makes and compares password hashes on threads of their own, few at a time: each takes 32 MiB and a tenth of a second.
struct PasswordHasher: Sendable {
    private let pool: BlockingPool
    private let cost: PasswordHash.Cost
    /// Compared with where there is no account, so that an unknown address takes the time of a wrong password.
    private let decoy: PasswordHash

    /// Threads, and as many hashes at once.
    static let threads = 2
    /// Hashes that may wait; more are refused with 503.
    static let queue = 64

    init(pool: BlockingPool, cost: PasswordHash.Cost = .current) {
        self.pool = pool
        self.cost = cost
        decoy = PasswordHash(decoyOf: cost)
    }

    /// The text to keep of a password.
    func hash(_ password: String) async throws(APIError) -> String {
        let cost = cost
        return try await run { PasswordHash(of: password, cost: cost)?.text }
    }

    /// Whether the password is the one of a kept text, and whether that text should be made anew at today's cost.
    func verify(_ password: String, _ kept: String?) async throws(APIError) -> (isRight: Bool, isOutdated: Bool) {
        let known = kept.flatMap { PasswordHash($0) }
        let hash = known ?? decoy
        let matches = try await run { hash.matches(password) }
        return (known != nil && matches, hash.cost != cost)
    }

    /// What stands for a body that holds a password where a plain hash would invite guessing.
    func fingerprint(_ body: [UInt8], salt: String) async throws(APIError) -> String {
        let cost = cost
        return try await run {
            PasswordHash.derive(from: String(decoding: body, as: UTF8.self), salt: Array(salt.utf8), cost: cost)
                .map { Hex.text($0) }
        }
    }

    private func run<T: Sendable>(_ work: @escaping @Sendable () -> T?) async throws(APIError) -> T {
        let busy = APIError.overloaded("too many sign-ins at the moment")
        do {
            guard let result = try await pool.run(work) else { throw busy }
            return result
        } catch {
            throw busy
        }
    }
}
