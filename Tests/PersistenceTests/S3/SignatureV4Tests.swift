import Foundation
import Orchestrator
import Testing

@testable import Persistence

@Suite struct SignatureV4Tests {
    /// Requests as botocore made and signed them; see `Tests/Fixtures/s3/make-signature-vectors.py`.
    struct Vectors: Decodable {
        struct Vector: Decodable, Sendable, CustomTestStringConvertible {
            var call: String
            var endpoint: String
            var region: String
            var addressing: String
            var key: String
            var method: String
            var url: String
            var query: [[String]]
            var headers: [String: String]
            var payload_hash: String
            var time: String
            var authorization: String

            var testDescription: String { "\(call) \(endpoint) \(addressing)" }
        }

        var access_key: String
        var secret_key: String
        var bucket: String
        var vectors: [Vector]

        static func load() throws -> Vectors {
            let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Fixtures/s3/signature-vectors.json")
            return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
        }
    }

    @Test func `requests are addressed and signed as botocore does it`() throws {
        let vectors = try Vectors.load()
        #expect(vectors.vectors.count >= 75)
        for vector in vectors.vectors {
            var settings = S3Settings(
                endpoint: vector.endpoint,
                region: vector.region,
                bucket: vectors.bucket,
                accessKey: Secret(vectors.access_key),
                secretKey: Secret(vectors.secret_key)
            )
            settings.addressing = try #require(S3Settings.Addressing(rawValue: vector.addressing))
            let address = S3Address(settings)
            let query = vector.query.map { (name: $0[0], value: $0[1]) }
            let url = address.url(vector.key, query)
            #expect(url.prefix { $0 != "?" } == vector.url.prefix { $0 != "?" }, "\(vector.testDescription)")
            let signature = SignatureV4(
                accessKey: settings.accessKey,
                secretKey: settings.secretKey,
                region: settings.region
            )
            let signed = signature.sign(
                SignatureV4.Request(
                    method: vector.method,
                    host: address.host,
                    path: address.path(vector.key),
                    query: query,
                    headers: vector.headers.map { (name: $0.key, value: $0.value) },
                    payloadHash: vector.payload_hash
                ),
                at: try #require(Timestamp(vector.time))
            )
            #expect(signed.authorization.reveal() == vector.authorization, "\(vector.testDescription)")
        }
    }

    /// The standard's own example of a signed GET (Signature Version 4 of S3, "GET Object").
    @Test func `the example of the documentation comes out`() throws {
        let signature = SignatureV4(
            accessKey: Secret("AKIAIOSFODNN7EXAMPLE"),
            secretKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            region: "us-east-1"
        )
        let signed = signature.sign(
            SignatureV4.Request(
                method: "GET",
                host: "examplebucket.s3.amazonaws.com",
                path: "/test.txt",
                headers: [(name: "range", value: "bytes=0-9")],
                payloadHash: SignatureV4.emptyHash
            ),
            at: try #require(Timestamp("2013-05-24T00:00:00Z"))
        )
        #expect(
            signed.authorization.reveal().hasSuffix(
                "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
            )
        )
        #expect(signed.date == "20130524T000000Z")
    }

    static let addresses: [(endpoint: String, S3Settings.Addressing, host: String, url: String)] = [
        ("https://s3.example.com", .path, "s3.example.com", "https://s3.example.com/pictures/a/b"),
        ("https://s3.example.com", .host, "pictures.s3.example.com", "https://pictures.s3.example.com/a/b"),
        ("https://S3.example.com:443", .path, "s3.example.com", "https://s3.example.com/pictures/a/b"),
        ("http://s3.example.com:80", .host, "pictures.s3.example.com", "http://pictures.s3.example.com/a/b"),
        ("http://127.0.0.1:9000", .path, "127.0.0.1:9000", "http://127.0.0.1:9000/pictures/a/b"),
        ("http://[::1]:9000/base", .path, "[::1]:9000", "http://[::1]:9000/base/pictures/a/b"),
    ]

    @Test(arguments: addresses)
    func `a bucket is named in the path or in front of the host`(
        endpoint: String,
        addressing: S3Settings.Addressing,
        host: String,
        url: String
    ) {
        var settings = S3Settings(
            endpoint: endpoint,
            region: "us-east-1",
            bucket: "pictures",
            accessKey: Secret("a"),
            secretKey: Secret("s")
        )
        settings.addressing = addressing
        let address = S3Address(settings)
        #expect(address.host == host && address.url("a/b", []) == url)
    }
}
