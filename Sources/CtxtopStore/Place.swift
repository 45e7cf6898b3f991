// What a target turned out to be: an app that may be running, or a file with what was seen of one.

import Glibc

/// Where snapshots can be had.
package enum Place: Equatable, Sendable {
  /// An app: its socket, its segment, or both.
  case live(Endpoint)
  /// A recording.
  case recording(path: String)
  /// JSON as `ctxtop dump` writes it: one document, or several, a line each.
  case document(path: String)
}

extension Target {
  /// Finds what is meant, and looks into a file to see what it holds.
  package func locate(in directories: RuntimeDirectories) throws(StoreError) -> Place {
    let endpoint = try resolve(in: directories)
    if endpoint.remote != nil { return .live(endpoint) }
    // Only a file that was named has no socket: what is found in a directory has the place of one at least.
    guard endpoint.socketPath == nil, let path = endpoint.segmentPath else { return .live(endpoint) }
    switch try FileContent(ofFile: path) {
    case .segment: return .live(endpoint)
    // Who names what is called a segment wants to know what is wrong with it as one.
    case _ where path.hasSuffix(".segment"): return .live(endpoint)
    case .recording: return .recording(path: path)
    case .document: return .document(path: path)
    case let content: throw .unknownFile(path: path, content)
    }
  }
}
