import Testing

@testable import Transport

/// How connections, and the server itself, end.
@Suite struct HTTPServerLifeTests {
    @Test func `a client that leaves cancels nothing`() async throws {
        let (entered, left, done) = (Gate(), Gate(), Gate())
        let wasCancelled = Box<Bool?>(nil)
        try await withServer(answer: { request in
            entered.open()
            await request.clientGone()
            if !request.isClientConnected { left.open() }
            await Task.yield()
            wasCancelled.value = Task.isCancelled
            done.open()
            return .text("nobody reads this")
        }) { port, server in
            let client = try await RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await entered.wait()
            client.reset()
            await left.wait()
            await done.wait()
        }
        #expect(wasCancelled.value == false)
    }

    @Test func `waiting for a client that stays ends with the answer`() async throws {
        let ended = Gate()
        try await withServer(answer: { request in
            Task {
                await request.clientGone()
                ended.open()
            }
            return .text("ok")
        }) { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().body == "ok")
            await ended.wait()
        }
    }

    @Test func `a body cannot be read once its request is answered`() async throws {
        let (answered, checked) = (Gate(), Gate())
        let failure = Box<BodyError?>(nil)
        try await withServer(answer: { request in
            Task {
                await answered.wait()
                do throws(BodyError) { _ = try await request.body.next() } catch { failure.value = error }
                checked.open()
            }
            return .text("ok")
        }) { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            _ = try await client.response()
            try await client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.response()
            answered.open()
            await checked.wait()
        }
        #expect(failure.value == .disconnected)
    }

    @Test func `draining ends idle connections and lets running requests finish`() async throws {
        let (entered, release) = (Gate(), Gate())
        try await withServer(answer: { request in
            if request.path == "/slow" {
                entered.open()
                await release.wait()
            }
            return .text("done")
        }) { port, server in
            let idle = try await RawClient(port: port)
            try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await idle.response()
            let busy = try await RawClient(port: port)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await entered.wait()
            #expect(await server.drain(grace: .milliseconds(1)) == false)
            #expect(try await idle.receive() == [])
            await #expect(throws: RawClient.Failure.self) { try await RawClient(port: port) }
            release.open()
            let response = try await busy.response()
            #expect(response.body == "done" && response.head.contains("Connection: close"))
            #expect(await server.drain(grace: .seconds(20)))
            #expect(server.counters.connectionsOpen == 0)
        }
    }

    @Test func `connections over the limit are refused with 503`() async throws {
        try await withServer {
            $0.maxConnections = 1
        } _: { port, server in
            let first = try await RawClient(port: port)
            try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await first.response()
            let second = try await RawClient(port: port)
            #expect(try await second.response().status == 503)
            #expect(server.counters.connectionsRefused == 1)
        }
    }

    @Test func `several loops share one port`() async throws {
        try await withServer(loops: 3) { port, server in
            for _ in 0..<50 {
                let client = try await RawClient(port: port)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().status == 200)
            }
            #expect(server.counters.requests == 50)
        }
    }

    @Test func `an address that cannot be bound is an error`() throws {
        var configuration = HTTPServerConfiguration()
        configuration.host = "not an address"
        let loop = try EventLoop(name: "unused")
        let server = HTTPServer(configuration: configuration, loops: [loop])
        #expect(throws: TransportError.self) { try server.start() }
    }
}
