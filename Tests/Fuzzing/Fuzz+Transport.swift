import Transport

/// A form is the same form however its bytes arrive.
func fuzzMultipart(_ bytes: [UInt8], _ seed: UInt8) {
    let whole = readForm(bytes, [0..<bytes.count])
    let pieced = readForm(bytes, Array(Pieces(of: bytes.count, seed: seed)))
    promise(whole == pieced, "multipart in pieces\n\(whole)\n\(pieced)")
}

private struct Form: Equatable {
    var parts: [MultipartPart] = []
    var contents: [[UInt8]] = []
    var failure: MultipartError?
}

private func readForm(_ bytes: [UInt8], _ pieces: [Range<Int>]) -> Form {
    var limits = MultipartParser.Limits()
    limits.parts = 4
    limits.headerBytes = 96
    var parser = MultipartParser(boundary: "xyz", limits: limits)
    var form = Form()
    var isOpen = false
    do throws(MultipartError) {
        for piece in pieces {
            parser.append(Array(bytes[piece]))
            while let event = try parser.next() {
                switch event {
                case .partBegin(let part):
                    promise(!isOpen, "a part within a part")
                    isOpen = true
                    form.parts.append(part)
                    form.contents.append([])
                case .partData(let data):
                    promise(isOpen && !data.isEmpty, "data outside a part, or none")
                    form.contents[form.contents.count - 1] += data
                case .partEnd:
                    promise(isOpen, "an end without a part")
                    isOpen = false
                case .end: promise(!isOpen, "the end within a part")
                }
            }
        }
        try parser.finish()
    } catch {
        form.failure = error
        // What came of the open part before the mistake depends on the pieces, and nobody uses it.
        if isOpen { form.contents[form.contents.count - 1] = [] }
    }
    return form
}

/// A stream of events is the same stream however its bytes arrive; no line end is within data.
func fuzzEvents(_ bytes: [UInt8], _ seed: UInt8) {
    let whole = readEvents(bytes, [0..<bytes.count])
    let pieced = readEvents(bytes, Array(Pieces(of: bytes.count, seed: seed)))
    promise(whole == pieced, "events in pieces\n\(whole)\n\(pieced)")
}

private struct Events: Equatable {
    var ended: [[UInt8]] = []
    var names: [String] = []
    var open: [UInt8] = []
    var isInside = false
}

private func readEvents(_ bytes: [UInt8], _ pieces: [Range<Int>]) -> Events {
    var parser = ServerSentEvents()
    var events = Events()
    for piece in pieces {
        let span = bytes.span.extracting(piece)
        var index = 0
        while let part = parser.next(in: span, at: &index) {
            switch part {
            case .data(let range):
                promise(!range.isEmpty && range.upperBound <= span.count, "data outside the bytes")
                let data = Array(
                    bytes[piece][(piece.lowerBound + range.lowerBound)..<(piece.lowerBound + range.upperBound)]
                )
                promise(!data.contains(0x0A) && !data.contains(0x0D), "a line end within data")
                events.open += data
            case .lineFeed: events.open.append(0x0A)
            case .end(let name):
                promise(!name.isEmpty && name.utf8.count <= 768, "the name of an event")
                events.names.append(name)
                events.ended.append(events.open)
                events.open = []
            }
        }
        promise(index == span.count, "bytes left over")
    }
    events.isInside = parser.isInsideEvent
    return events
}

/// A head is the same head however its bytes arrive, and its fields lie within it.
func fuzzHead(_ bytes: [UInt8], _ seed: UInt8) {
    let whole = readHead(bytes, [0..<bytes.count])
    let pieced = readHead(bytes, Array(Pieces(of: bytes.count, seed: seed)))
    promise(whole == pieced, "a head in pieces\n\(whole)\n\(pieced)")
}

private struct Head: Equatable {
    var end: Int?
    var isRejected = false
    var fields: [String] = []
    var length: Int64?
    var body: [UInt8] = []
    var isComplete = false
    var isBroken = false
}

private func readHead(_ bytes: [UInt8], _ pieces: [Range<Int>]) -> Head {
    var parser = HeadParser(maxTargetBytes: 64, maxHeaderBytes: 512)
    var head = Head()
    var input: [UInt8] = []
    var parsed = 0
    do throws(Rejection) {
        for piece in pieces {
            input += bytes[piece]
            if head.end == nil {
                guard let end = try parser.parse(input, from: parsed) else {
                    parsed = input.count
                    continue
                }
                promise(end <= input.count, "the end of a head behind its bytes")
                head.end = end
                let checked = try parser.head(arena: Array(input[..<end]))
                head.fields = checked.headers.pairs.map { "\($0.name): \($0.value)" }
                head.length = checked.contentLength
                guard checked.contentLength == nil else { return head }
                input.removeSubrange(..<end)
            }
            // What may follow the body is another request's.
            if !head.isComplete, !head.isBroken, !input.isEmpty { decode(&input, &parser, &head) }
        }
    } catch {
        promise((400...599).contains(error.status) && !error.reason.isEmpty, "a rejection without a status")
        // What is wrong with a head in several ways is refused for the way that came first.
        return Head(isRejected: true)
    }
    return head
}

private func decode(_ input: inout [UInt8], _ parser: inout HeadParser, _ head: inout Head) {
    let decoded = unsafe input.withUnsafeMutableBytes { unsafe parser.decode($0) }
    guard let decoded else {
        (head.isBroken, head.body) = (true, [])
        return
    }
    promise(decoded.decoded <= decoded.end && decoded.end <= input.count, "a chunk longer than its bytes")
    head.body += input[..<decoded.decoded]
    head.isComplete = decoded.isComplete
    input.removeSubrange(..<decoded.end)
    promise(input.isEmpty || decoded.isComplete, "chunked bytes left over")
}
