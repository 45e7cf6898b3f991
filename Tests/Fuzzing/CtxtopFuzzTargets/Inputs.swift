// The inputs that are kept: `corpus` to begin with, from real servers, and `finds`, each of which was wrong once.

import Glibc

package enum Inputs {
  /// The folders of a target's inputs, below the folder Tests/Fuzzing.
  package static let folders = ["corpus", "finds"]

  /// The kept inputs of a target, in the order of their paths.
  package static func paths(of target: FuzzTarget, below root: String) -> [String] {
    folders.flatMap { folder in
      let path = "\(root)/\(folder)/\(target.name)"
      return names(in: path).map { "\(path)/\($0)" }
    }
  }

  /// The bytes of a file; nil: it cannot be read.
  package static func bytes(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  private static func names(in path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
