import Foundation
import PackagePlugin

/// Writes the commit that is being built into a Swift file of the target, or `unknown` outside a git checkout.
///
/// The file is only touched when the commit changes, so that a build without changes compiles nothing.
@main struct CommitStamp: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folder = context.pluginWorkDirectoryURL.appending(path: "Generated")
    let script = """
      commit=$(git -C "$1" rev-parse --short=12 HEAD 2>/dev/null) || commit=unknown
      [ "$commit" = unknown ] || git -C "$1" diff --quiet HEAD -- Sources migrations config reports Package.swift \
        2>/dev/null || commit="$commit-modified"
      mkdir -p "$2"
      printf 'enum BuildCommit {\\n  static let text = "%s"\\n}\\n' "$commit" > "$2/.new"
      cmp -s "$2/.new" "$2/BuildCommit.swift" && rm "$2/.new" || mv "$2/.new" "$2/BuildCommit.swift"
      """
    return [
      .prebuildCommand(
        displayName: "Commit of this build", executable: URL(filePath: "/bin/sh"),
        arguments: [
          "-c", script, "sh", context.package.directoryURL.path(percentEncoded: false),
          folder.path(percentEncoded: false),
        ],
        outputFilesDirectory: folder)
    ]
  }
}
