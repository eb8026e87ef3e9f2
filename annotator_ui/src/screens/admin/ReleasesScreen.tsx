export function ReleasesScreen() {
  return (
    <div className="page">
      <h1>Releases</h1>
    </div>
  );
}
