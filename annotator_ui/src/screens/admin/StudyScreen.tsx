export function StudyScreen() {
  return (
    <div className="page">
      <h1>Study</h1>
    </div>
  );
}
