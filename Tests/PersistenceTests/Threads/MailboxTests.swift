import Testing

@testable import Persistence

@Suite struct MailboxTests {
    @Test func `elements come out in order, up to the number asked`() {
        let mailbox = Mailbox<Int>(limit: 5000)
        for number in 0..<3000 { _ = mailbox.put(number) }
        #expect(mailbox.take(most: 2) == [0, 1])
        #expect(mailbox.take(most: 1500) == Array(2..<1502))
        _ = mailbox.put(3000)
        #expect(mailbox.take(most: .max - 5000) == Array(1502...3000))
        #expect(mailbox.count == 0)
    }

    @Test func `a full queue and a closed one refuse, and what waits is still taken`() {
        let mailbox = Mailbox<Int>(limit: 2)
        #expect(mailbox.put(1) == .accepted)
        #expect(mailbox.put(2) == .accepted)
        #expect(mailbox.put(3) == .full)
        #expect(mailbox.take(most: 1) == [1])
        #expect(mailbox.put(4) == .accepted)
        mailbox.close()
        #expect(mailbox.put(5) == .closed)
        #expect(mailbox.take(most: 9) == [2, 4])
        #expect(mailbox.take(most: 9).isEmpty)
    }

    @Test func `threads that wait share all elements and end when it closes`() async {
        let mailbox = Mailbox<Int>(limit: .max)
        let seen = Mailbox<Int>(limit: .max)
        let threads = (0..<3).map { _ in
            WorkerThread("test") {
                while let number = mailbox.take(most: 1).first { _ = seen.put(number) }
            }
        }
        await withTaskGroup { group in
            for start in 0..<8 {
                group.addTask { for number in 0..<500 { _ = mailbox.put(start * 500 + number) } }
            }
        }
        mailbox.close()
        for thread in threads { await thread.ended() }
        #expect(seen.take(most: 10_000).sorted() == Array(0..<4000))
    }

    @Test func `an element that dies may put another`() {
        let mailbox = Mailbox<Echo>(limit: .max)
        for _ in 0..<3 {
            _ = mailbox.put(Echo(mailbox))
            _ = mailbox.put(Echo(mailbox))
            _ = mailbox.take(most: 1)
            _ = mailbox.take(most: 9)
        }
        #expect(mailbox.count > 0)
        while !mailbox.take(most: 1).isEmpty, mailbox.count > 0 {}
    }
}

/// Sends word of its end, as temporary files do, to the thread that removes them.
private final class Echo: Sendable {
    private let mailbox: Mailbox<Echo>?

    init(_ mailbox: Mailbox<Echo>?) { self.mailbox = mailbox }

    deinit { _ = mailbox?.put(Echo(nil)) }
}
