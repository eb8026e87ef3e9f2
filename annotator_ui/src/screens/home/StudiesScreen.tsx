export function StudiesScreen() {
  return (
    <div className="page">
      <h1>Studies</h1>
    </div>
  );
}
