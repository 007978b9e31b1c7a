import Orchestrator
import Testing

@testable import Daemon

@Suite struct DeviceFlowTests {
    private let store = MemoryAccounts()
    private let time = StillTime()
    private let flow: DeviceFlow
    private let user = UserID(trusted: "usr_1")

    init() {
        flow = DeviceFlow(store: store, time: time)
    }

    private func begin() async throws -> DeviceFlow.Start {
        try await flow.begin(clientID: "one", name: "one", provider: nil, from: "192.0.2.1")
    }

    private func guess(_ code: String, by user: UserID, from address: String) async -> Int? {
        do throws(APIError) {
            _ = try await flow.decide(code, isApproved: true, by: user, from: address)
            return nil
        } catch {
            return error.status
        }
    }

    private func poll(_ start: DeviceFlow.Start) async throws -> String {
        switch try await flow.poll(deviceCode: start.deviceCode, clientID: "one") {
        case .key(_, let user, _): "key of \(user)"
        case let other: "\(other)"
        }
    }

    @Test func `a device that asks too often has to ask ever less often`() async throws {
        let start = try await begin()
        var answers: [String] = []
        for pause in [0, 0, 6, 15, 15] as [Int64] {
            time.advance(by: .seconds(pause))
            answers.append(try await poll(start))
        }
        #expect(answers == ["pending", "slowDown", "slowDown", "pending", "pending"])
        time.advance(by: DeviceFlow.age)
        #expect(try await poll(start) == "expired")
    }

    @Test func `a device that was let in gets its key at once, and once`() async throws {
        let start = try await begin()
        _ = try await poll(start)
        _ = try await flow.decide(start.grant.userCode, isApproved: true, by: user, from: "192.0.2.2")
        #expect(try await poll(start) == "key of usr_1")
        #expect(try await poll(start) == "invalid")
        #expect(store.state.withLock { $0.keys.map(\.name) } == ["device: one"])
    }

    @Test func `neither code is kept where it would let anybody in`() async throws {
        let start = try await begin()
        #expect(start.deviceCode.utf8.count == 64)
        #expect(store.state.withLock { !"\($0.grants)".contains(start.deviceCode) })
    }

    @Test func `wrong codes are counted by account and by address, right ones are not`() async throws {
        for _ in 0..<12 {
            let code = try await begin().grant.userCode
            #expect(await guess(code, by: user, from: "192.0.2.1") == nil)
        }
        var statuses: [Int?] = []
        for _ in 0..<10 { statuses.append(await guess("BBBB-BBBB", by: user, from: "192.0.2.1")) }
        #expect(statuses == Array(repeating: 404, count: 5) + Array(repeating: 429, count: 5))
        // Nor is a right one let through from there, by that account; by others it is.
        let right = try await begin().grant.userCode
        #expect(await guess(right, by: user, from: "192.0.2.9") == 429)
        #expect(await guess(right, by: UserID(trusted: "usr_2"), from: "192.0.2.1") == nil)
        for number in 0..<35 {
            #expect(await guess("nonsense", by: UserID(trusted: "usr_x\(number)"), from: "192.0.2.1") == 404)
        }
        #expect(await guess("nonsense", by: UserID(trusted: "usr_y"), from: "192.0.2.1") == 429)
        time.advance(by: .seconds(901))
        #expect(await guess("nonsense", by: user, from: "192.0.2.1") == 404)
    }
}
