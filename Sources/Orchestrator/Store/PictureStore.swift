/// Stored pictures, and the gallery's order of them.
package protocol PictureStore {
    func image(_ id: ImageID) async throws(StoreError) -> StoredImage?

    /// Newest first.
    func images(_ query: ImageQuery) async throws(StoreError) -> [StoredImage]

    /// How many pictures match, whatever the cursor and limit.
    func imageCount(_ query: ImageQuery) async throws(StoreError) -> Int

    /// False when there is no such picture.
    func setVisibility(_ id: ImageID, isPublic: Bool) async throws(StoreError) -> Bool

    /// Removes the row, and says whether another picture has the same bytes.
    func deleteImage(_ id: ImageID) async throws(StoreError) -> Bool

    /// Removes the rows of the oldest pictures made before `time`, at most `limit`; the digests of their bytes.
    func deleteImages(createdBefore time: Timestamp, limit: Int) async throws(StoreError) -> [String]

    /// Those of these digests, at most 1000, that neither a picture nor the request of an unfinished job names.
    func unreferenced(_ digests: [String]) async throws(StoreError) -> [String]

    /// The public pictures that have a place in the gallery, newest first, from the first one before `time` on; nil: from
    /// the newest. `limit` is 1...101.
    func gallery(before time: Timestamp?, limit: Int) async throws(StoreError) -> [GalleryEntry]

    /// The public picture whose place is `time`.
    func galleryEntry(at time: Timestamp) async throws(StoreError) -> GalleryEntry?

    /// A public picture's place in the gallery; nil when it has none.
    func galleryEntry(of image: ImageID) async throws(StoreError) -> GalleryEntry?
}
