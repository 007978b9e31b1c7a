import Orchestrator
import Randomness
import Testing

@testable import Persistence

@Suite struct PostgresValueTests {
    static let texts = ["", "a", "ä€𝄞", "'; DROP TABLE t; --", "\\x00", "\n\t", "NULL", "{}"]

    @Test func `every kind of value comes back as it was sent`() async throws {
        try await withPool { pool in
            for number in [Int64.min, -1, 0, 1, Int64(Int32.max) + 1, .max] {
                let row = try await pool.run("SELECT $1::bigint", [.integer(number)])
                #expect(try row.first { r throws(PostgresError) in try r.integer(0) } == number)
            }
            for number in [Int64(Int16.min), -1, 0, 32767] {
                let row = try await pool.run("SELECT $1::smallint, $2::integer", [.integer(number), .integer(-number)])
                #expect(try row.first { r throws(PostgresError) in try r.integer(0) } == number)
                #expect(try row.first { r throws(PostgresError) in try r.integer(1) } == -number)
            }
            for text in PostgresValueTests.texts {
                let row = try await pool.run("SELECT $1::text", [.text(text)])
                #expect(try row.first { r throws(PostgresError) in try r.text(0) } == text)
            }
            for truth in [true, false] {
                let row = try await pool.run("SELECT $1::boolean", [.bool(truth)])
                #expect(try row.first { r throws(PostgresError) in try r.bool(0) } == truth)
            }
            for bytes in [[], [0], [0, 1, 255, 0], Array("abc".utf8)] as [[UInt8]] {
                let row = try await pool.run("SELECT $1::bytea", [.bytes(bytes)])
                #expect(try row.first { r throws(PostgresError) in try r.bytes(0) } == bytes)
            }
            let row = try await pool.run(
                "SELECT $1::jsonb, $2::json",
                [.text(#"{"a":  [1, "ä"]}"#), .text(#"{"a":  [1, "ä"]}"#)]
            )
            #expect(try row.first { r throws(PostgresError) in try r.text(0) } == #"{"a": [1, "ä"]}"#)
            #expect(try row.first { r throws(PostgresError) in try r.text(1) } == #"{"a":  [1, "ä"]}"#)
        }
    }

    @Test func `NULL is told from empty, and refused where a value must be`() async throws {
        try await withPool { pool in
            let sql = "SELECT $1::bigint, $2::text, $3::bytea, $4::boolean, $5::jsonb"
            let row = try await pool.run(sql, [.null, .null, .null, .null, .null])
            try #require(row.count == 1)
            _ = try row.first { row throws(PostgresError) in
                #expect(try row.optionalInteger(0) == nil)
                #expect(try row.optionalText(1) == nil)
                #expect(try row.optionalBytes(2) == nil)
                #expect(try row.optionalBool(3) == nil)
                #expect(try row.optionalText(4) == nil)
                #expect(try row.isNull(0))
            }
            let error = await failure { () throws(PostgresError) in
                try row.first { r throws(PostgresError) in try r.text(1) }
            }
            #expect(error?.kind == .unreadable)
            let empty = try await pool.run("SELECT ''::text, ''::bytea")
            #expect(try empty.first { r throws(PostgresError) in try r.optionalText(0) } == "")
            #expect(try empty.first { r throws(PostgresError) in try r.optionalBytes(1) } == [])
            #expect(try empty.first { r throws(PostgresError) in try r.isNull(0) } == false)
        }
    }

    @Test func `a value of another type, or of a column too many, is unreadable`() async throws {
        try await withPool { pool in
            let result = try await pool.run("SELECT 1::numeric, 'a'::text")
            for column in 0...2 {
                let error = await failure { () throws(PostgresError) in
                    try result.first { r throws(PostgresError) in try r.integer(column) }
                }
                #expect(error?.kind == .unreadable)
            }
        }
    }

    @Test func `a text with U+0000 is refused before it is sent`() async throws {
        try await withPool { pool in
            let error = await failure { () async throws(PostgresError) in
                try await pool.run("SELECT $1::text", [.text("a\0b")])
            }
            #expect(error?.kind == .refused)
            #expect(error?.message.contains("U+0000") == true)
        }
    }

    @Test func `a megabyte of bytes goes there and back`() async throws {
        var random = SeededRandom(seed: 7)
        let bytes = (0..<(1 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        try await withPool { pool in
            try await pool.run("CREATE TABLE t (content bytea)")
            #expect(try await pool.run("INSERT INTO t VALUES ($1)", [.bytes(bytes)]).changes == 1)
            let result = try await pool.run("SELECT content FROM t")
            #expect(try result.first { r throws(PostgresError) in try r.bytes(0) } == bytes)
        }
    }
}
