internal import Orchestrator

extension Connection {
    /// Each place begins with the gallery, or SQLite might go through all public pictures and sort them by time.
    private static let galleryEntries =
        imageColumns + """
            , time_ms FROM gallery CROSS JOIN images ON images.id = image_id WHERE is_public = 1
            """

    /// Gives a picture a place: `time`, or the millisecond after the last place ever given, whichever is later.
    func hang(_ image: ImageID, at time: Timestamp) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO gallery (time_ms, image_id)
            VALUES (max(?, coalesce((SELECT max(time_ms) FROM gallery) + 1, 0)), ?)
            """
        )
        .bind(time).bind(image).run()
    }

    func gallery(before time: Timestamp?, limit: Int) throws(DatabaseError) -> [GalleryEntry] {
        try statement(composed: Connection.galleryEntries + " AND time_ms < ? ORDER BY time_ms DESC LIMIT ?")
            .bind(time ?? Timestamp(milliseconds: .max)).bind(limit).all(GalleryEntry.init)
    }

    func galleryEntry(at time: Timestamp) throws(DatabaseError) -> GalleryEntry? {
        try statement(composed: Connection.galleryEntries + " AND time_ms = ?").bind(time).first(GalleryEntry.init)
    }

    func galleryEntry(of image: ImageID) throws(DatabaseError) -> GalleryEntry? {
        try statement(composed: Connection.galleryEntries + " AND image_id = ?").bind(image).first(GalleryEntry.init)
    }
}

extension GalleryEntry {
    /// Reads the columns that `Connection.galleryEntries` names.
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        self.init(time: row.time(Connection.imageColumnCount), image: try ImageRecord(row))
    }
}
